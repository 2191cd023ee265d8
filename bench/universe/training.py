"""TRL's own trainers on a world: a tiny model learns an oracle's episodes by heart, then trains on the score.

Run in an environment with the extra `train`: training.py FOLDER [STEPS]. Prints figures as JSON.

The model is made here and knows nothing: two layers, a vocabulary learned from the episodes. It shows that
the way is open from a world's score to a model's weights, not that a large model becomes better.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

TEMPLATE = "injected-doc"
TASKS = 2
SEED = 7


def tokenizer(texts: list[str], template: str):
    """Return a byte-level vocabulary of these texts, with a chat template that knows tools."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learned.decoder = decoders.ByteLevel()
    pad, begin, end = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learned.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=1_200, special_tokens=[pad, begin, end], initial_alphabet=alphabet),
    )
    found = PreTrainedTokenizerFast(
        tokenizer_object=learned, eos_token=end, pad_token=pad, padding_side="left"
    )
    found.chat_template = template
    return found


def model(words):
    """Return a model of a few hundred thousand weights that knows nothing."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(SEED)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=4_096,
            tie_word_embeddings=True,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )


def main(folder: Path, steps: int) -> dict[str, float | str]:
    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    import torch
    import trl
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    from assay.environments import agents
    from assay.environments.adapters.trl import dataset, demonstrations, environment_factory
    from assay.environments.universe import Universe
    from datasets import Dataset

    torch.set_num_threads(1)
    universe = Universe("startup", SEED, folder)
    tasks = universe.tasks(TASKS, templates=[TEMPLATE])
    world = environment_factory(
        "startup", SEED, folder, tools={step.tool for task in tasks for step in task.oracle}
    )
    began = time.process_time()
    episodes = agents.run(universe, tasks, agents.oracle(), rollouts=50)
    world_s = (time.process_time() - began) / len(episodes)
    shown = demonstrations([one for one in episodes if one.rollout == 1], world)
    template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5.jinja").read_text()
    words = tokenizer([json.dumps(row, ensure_ascii=False) for row in shown] * 2, template)
    learner = model(words)
    common = {
        "use_cpu": True,
        "bf16": False,
        "report_to": [],
        "dataloader_pin_memory": False,
        "save_strategy": "no",
        "disable_tqdm": True,
        "lr_scheduler_type": "constant",
        "gradient_checkpointing": False,
        "output_dir": str(folder / "out"),
        "seed": SEED,
    }

    began = time.process_time()
    SFTTrainer(
        learner,
        train_dataset=Dataset.from_list(shown, on_mixed_types="use_json"),
        processing_class=words,
        args=SFTConfig(
            max_steps=110,
            learning_rate=3e-3,
            per_device_train_batch_size=TASKS,
            max_length=2_048,
            logging_steps=10,
            **common,
        ),
    ).train()
    imitation = time.process_time() - began

    began = time.process_time()
    trainer = GRPOTrainer(
        learner,
        train_dataset=Dataset.from_list(dataset(tasks, world)),
        environment_factory=world,
        processing_class=words,
        args=GRPOConfig(
            max_steps=steps,
            learning_rate=5e-5,
            per_device_train_batch_size=16,
            num_generations=8,
            max_completion_length=600,
            max_tool_calling_iterations=6,
            temperature=0.9,
            beta=0.0,
            logging_steps=1,
            **common,
        ),
    )
    trainer.train()
    rewards = [one["reward"] for one in trainer.state.log_history if "reward" in one]
    calls = [one["tools/call_frequency"] for one in trainer.state.log_history if "reward" in one]
    return {
        "version": f"trl {trl.__version__}, torch {torch.__version__}",
        "score": statistics.mean(rewards),
        "calls": statistics.mean(calls),
        "imitation_s": imitation,
        "world_ms": 1_000 * world_s,
        "step_s": (time.process_time() - began) / steps,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8)))
