Feature: Inference (area 9)
  From a prompt to tokens, and what happens when something in between breaks.

  Scenario: 9.1 cold start on the bundled model, from nothing to an answer and back to nothing
    When I run rbee with: infer -p "How do I add a node?"
    Then it ends with 0
    And there is an answer
    And nothing is left running

  Scenario: 9.2 a worker with every slot taken says so with figures
    Given a scripted model "steady" that says "fake token " slowly without end
    And a worker by hand with "steady", 1 slot and room for none to wait is running
    And that worker is answering
    When I send that worker another execution
    Then the answer is 503 with the code ALL_SLOTS_BUSY
    And the error has figures for slots_total and slots_busy

  Scenario: 9.3 tokens reach standard output as they are generated
    Given a scripted model "steady" that says "fake token " slowly without end
    When I start rbee with: infer -m steady.fake.json -p hi --max-tokens 100
    Then "fake token " appears while it still runs
    And it ends with 0

  Scenario: 9.4 a running task is cancelled, also twice, and the slot is free
    Given a scripted model "steady" that says "fake token " slowly without end
    And a queen is running
    And a task on "steady" is being answered
    When I cancel that task twice
    Then both answers are 204
    And the stream ends with the error REQUEST_CANCELED
    And every slot is free

  Scenario: 9.5 the log ties a task to its correlation id
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    When I submit a task on "steady" with the correlation id "scenario-9-5"
    Then the queen's log has a finished task with the correlation id "scenario-9-5"

  Scenario: 9.9 a worker that crashes in the middle is a clean error, and the next request works
    Given a scripted model "crashing" that crashes after 3 tokens
    And a scripted model "steady" that says "fake token "
    And a queen is running
    When I run rbee with: infer -m crashing.fake.json -p hi
    Then it ends with 1
    And it says "WORKER_CRASHED"
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0

  Scenario: 9.10 a hive that dies is replaced, and the registry is right
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    And "steady" has answered once
    When the hive is killed
    Then no worker process is left
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0
    And there is exactly 1 worker process

  Scenario: 9.12 a worker killed by the system is a client error, and the registry is clean
    Given a scripted model "steady" that says "fake token " slowly without end
    And a queen is running
    And a task on "steady" is being answered
    When the worker is killed
    Then the stream ends with the error WORKER_CRASHED
    And the queen lists no living worker

  Scenario: 9.13 a worker that appears at a hive is used without manual steps
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    And a hive is running
    When I ask the hive for a worker with "steady.fake.json"
    Then the queen lists an idle worker
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0
    And there is exactly 1 worker process
