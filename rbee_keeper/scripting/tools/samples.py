"""The script and fixtures that `rbee rhai init` writes."""

SAMPLE_SCRIPT = """\
// A routing script. rbee calls route_task for every task and uses the worker it returns.
//
//   task      what to do: type, model, priority, prompt_tokens, tenant, meta ...
//   workers   an array of workers: id, model, backend, load, vram_free, tags ...
//
// Return a worker, its id, a decision such as reject("why"), or () to let rbee decide.

const BIG_MODEL_MB = 20000;

fn route_task(task, workers) {
    // Only workers that can do this type of task are of interest.
    let able = workers.filter(|w| w.capability == task.type);

    // Someone is waiting: take the fastest kind of device, the least busy one.
    if task.priority == "high" {
        let fast = able.with_backend("cuda");
        if !fast.is_empty() {
            return fast.least_loaded();
        }
    }

    // Large models go where memory is.
    if task.model.contains("70b") {
        return able.with_capacity(global::BIG_MODEL_MB).most_vram_free();
    }

    // A worker that already holds the model saves loading it.
    able.with_model(task.model).least_loaded() ?? able.least_loaded()
}

// May a new task join the queue?
fn should_admit(job, queue_depth) {
    job.priority == "high" || queue_depth < 100
}

// `rbee rhai test` runs every function whose name begins with test_.
fn test_high_priority_is_always_admitted() {
    should_admit(#{ priority: "high" }, 1000)
}
"""

SAMPLE_FIXTURES = """\
{
  "about": "Cases for scheduler.rhai; run them with: rbee rhai test scheduler.rhai",
  "workers": [
    {"id": "laptop", "capability": "text-gen", "backend": "cpu", "model": "qwen-7b", "load": 0.1},
    {"id": "tower", "capability": "text-gen", "backend": "cuda", "model": "llama-70b", "load": 0.6,
     "vram_total": 48000, "vram_used": 8000}
  ],
  "cases": [
    {"name": "urgent work goes to a GPU",
     "task": {"id": "t1", "type": "text-gen", "model": "qwen-7b", "priority": "high"}, "expect": "tower"},
    {"name": "a loaded model is preferred",
     "task": {"id": "t2", "type": "text-gen", "model": "qwen-7b"}, "expect": "laptop"},
    {"name": "large models need memory",
     "task": {"id": "t3", "type": "text-gen", "model": "llama-70b"}, "expect": "tower"},
    {"name": "nobody can draw", "task": {"id": "t4", "type": "image-gen", "model": "sdxl"}, "expect": null},
    {"name": "a full queue turns normal work away", "call": "should_admit",
     "task": {"id": "t5"}, "queue_depth": 100, "expect": false}
  ]
}
"""
