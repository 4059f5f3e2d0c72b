Feature: Hive checks (area 6)
  A queen, a person or a script can ask a hive how it is and what its machine has.

  Scenario: 6.1 a hive that was just started is healthy and has no workers
    Given a hive is running
    When I ask the hive for "/v1/health"
    Then the answer is 200
    And the answer names a status, a version and an API version
    When I ask the hive for "/v1/workers/list"
    Then the answer is exactly {"workers": []}

  Scenario: 6.2 an idle worker with the model is used directly
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    And "steady" has answered once
    When I run rbee with: infer -m steady.fake.json -p hi
    Then it ends with 0
    And there is exactly 1 worker process

  Scenario: 6.2 a busy worker makes the next task wait, and it gets its answer
    Given a scripted model "steady" that says "fake token " slowly without end
    And a queen with 1 slot is running
    And a task on "steady" is being answered
    When I submit a task of 2 tokens on "steady"
    Then that task is queued
    When the first task is cancelled
    Then that task answers "fake token "
    And there is exactly 1 worker process

  Scenario: 6.3 a queen of another version is told apart, with both versions and a hint
    Given a queen of version "0.0.1" answers on the queen's port
    When I run rbee with: infer -p hi
    Then it ends with 1
    And it says "VERSION_MISMATCH"
    And it says "0.0.1"
    And it names the next command to type

  Scenario: 6.4 backends, memory and disk are available over HTTP
    Given a hive is running
    When I ask the hive for "/v1/backends"
    Then the answer lists "cpu" as available
    When I ask the hive for "/v1/resources"
    Then the answer has figures for memory and disk

  Scenario: 6.4 too little memory is reported with figures
    Given a hive is running
    And a model file "huge" of 4 TB
    When I ask the hive for a worker with "huge"
    Then the answer is 507 with the code INSUFFICIENT_RAM
    And the error has figures for required_mb and available_mb

  Scenario: 6.4 a stream of queen health shows hives and workers (9.7)
    Given a scripted model "steady" that says "fake token "
    And a queen is running
    And "steady" has answered once
    When I ask the queen for "/v2/status"
    Then the answer lists 1 hive and 1 worker
