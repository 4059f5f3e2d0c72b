Feature: Worker preflight and start (area 7)
  What cannot work is refused before anything expensive; what can is announced, watched and logged.

  Scenario: 7.1 a model that does not fit is refused with figures and three suggestions
    Given a hive is running
    And a model file "huge" of 4 TB
    When I ask the hive for a worker with "huge"
    Then the answer is 507 with the code INSUFFICIENT_RAM
    And the hint suggests "smaller model" and "stop another worker" and "close programs"
    And no worker process was started

  Scenario: 7.2 a backend that is not there is refused with those that are
    When I run rbee with: infer -p hi --backend metal
    Then it ends with 1
    And it says "BACKEND_UNAVAILABLE"
    And it says "cpu"
    And nothing is left running

  Scenario: 7.3, 7.4 the spawn answers at once, the callback comes, then the model loads
    Given a scripted model "slow" that takes 2 s to load
    And a hive is running
    When I ask the hive for a worker with "slow.fake.json"
    Then the answer is 200 with the state "loading"
    And the worker's port answers before it is idle
    And the hive lists the worker as "loading" and then as "idle"

  Scenario: 7.4 nobody else can announce a worker
    Given a scripted model "slow" that takes 60 s to load
    And a hive is running
    When I ask the hive for a worker with "slow.fake.json"
    And a stranger announces that worker with the secret "guessed"
    Then the answer is 403 with the code FORBIDDEN

  Scenario: 7.6 the entry of a worker has everything
    Given a scripted model "steady" that says "fake token "
    And a hive is running
    When I ask the hive for a worker with "steady.fake.json"
    Then the hive lists the worker as "loading" and then as "idle"
    And its entry has id, url, model_ref, backend, device, state, slots_total, slots_available and pid

  Scenario: 7.7 progress is shown until the worker is ready
    Given a scripted model "slow" that takes 2 s to load
    And a worker by hand with "slow" is running
    When I ask the worker for "/v1/ready"
    Then the answer says that it is not ready and where to watch
    And the progress rises to "ready" and ends with the end marker
    When I ask the worker for "/v1/ready"
    Then the answer is exactly {"ready": true, "state": "idle", "model_loaded": true}

  Scenario: 7.8 a worker that is never ready is given up and logged
    Given a scripted model "slow" that takes 60 s to load
    And a hive that waits 1 s for a worker is running
    When I ask the hive for a worker with "slow.fake.json"
    Then the worker is gone and the hive has logged "give_up"

  Scenario: 7.9 each worker has a log file of its own and keeps its pid
    Given a scripted model "steady" that says "fake token "
    And a hive is running
    When I ask the hive for a worker with "steady.fake.json"
    Then there is a log file named after the worker
    And the pid that the hive lists is the worker's process
