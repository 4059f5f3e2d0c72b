Feature: CLI and lifecycle modes (area 10)
  What ran before keeps running; what was started for a command ends with it.

  Scenario: 10.1 daemons that ran before keep running, and the worker stays registered
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0
    And the queen still answers
    And the queen lists an idle worker

  Scenario: 10.2 with nothing running, everything that was started ends again
    Given a scripted model "steady" that says "fake token "
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0
    And nothing is left running

  Scenario Outline: 10.2 everything ends as well when the command is ended by <signal>
    Given a scripted model "steady" that says "fake token " slowly without end
    When I start rbee with: infer -m steady.fake.json -p hi --max-tokens 2000
    Then "fake token " appears while it still runs
    When it receives <signal>
    Then it ends with <code>
    And nothing is left running

    Examples:
      | signal  | code |
      | SIGINT  | 130  |
      | SIGTERM | 143  |
      | SIGHUP  | 129  |
      | SIGKILL | -9   |

  Scenario: 10.5 workers are listed and logs are shown
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    And "steady" has answered once
    When I run rbee with: workers list
    Then it ends with 0
    And the output names "steady.fake.json"
    When I run rbee with: logs worker
    Then it ends with 0
    And the output names "is loaded"

  Scenario: 10.6 a bad model reference is refused with the forms that exist
    When I run rbee with: infer -p hi -m "hf:../b"
    Then it ends with 2
    And it says "hf:"
    And it says "file:"
    And it says "bee-tiny"
    And nothing is left running

  Scenario: 10.6 an unknown backend is refused with the three that exist
    When I run rbee with: infer -p hi --backend rocm
    Then it ends with 2
    And it says "cpu, cuda, metal"
    And nothing is left running

  Scenario: 10.7 without the token the message says where to configure it
    Given a queen with the token "a-token-of-more-than-16-characters" is running elsewhere
    When I run rbee with: infer -p hi --queen-url that-queen
    Then it ends with 1
    And it says "MISSING_API_KEY"
    And it names the next command to type
