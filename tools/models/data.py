# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real data that every machine has: files, and the sentences of documentation."""

import hashlib
import os
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Iterator, List, Sequence

SEED = 2024


def sentences(count: int) -> List[str]:
    """Distinct sentences from Python's own documentation, in a fixed random order."""
    from pydoc_data.topics import topics

    found = {}
    for topic in sorted(topics):
        # Paragraphs of prose: no tables, grammar or code.
        for paragraph in re.split(r"\n\s*\n", topics[topic]):
            if re.match(r"\s{4,}|[=*~^-]{3,}", paragraph) or "::=" in paragraph:
                continue
            text = " ".join(paragraph.split())
            for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text):
                words = sentence.split()
                letters = sum(c.isalpha() or c == " " for c in sentence)
                if 6 <= len(words) <= 40 and letters >= 0.85 * len(sentence):
                    found.setdefault(sentence, None)
    result = list(found)
    random.Random(SEED).shuffle(result)
    if len(result) < count:
        raise SystemExit(f"models: only {len(result)} sentences were found")
    return result[:count]


# What marks a folder that is made, not written: by CMake or as a Python environment.
MADE = {"CMakeCache.txt", "pyvenv.cfg"}
PROJECT = Path(__file__).parents[2]
ROOTS = [Path("/usr/share"), Path("/usr/lib"), Path("/usr/include"), Path("/etc"),
         Path("/usr/bin"), Path(os.__file__).parent, PROJECT]


def walk(root: Path) -> Iterator[Path]:
    """The files below a folder that do not come and go with builds and runs."""
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in {"proc", "sys", "__pycache__"}
            and not name.startswith(".")
            and not any(Path(folder, name, mark).exists() for mark in MADE)
        ]
        for name in names:
            yield Path(folder, name)


def order(seed: int, text: str) -> bytes:
    """A key that sorts texts randomly, each without regard to the others."""
    return hashlib.sha256(f"{seed}:{text}".encode(errors="surrogateescape")).digest()


def files(
    count: int,
    seed: int = SEED,
    roots: Sequence[Path] = ROOTS,
    largest: int = 1 << 22,
) -> List[Path]:
    """Files of as many kinds as this machine has, in a random order that is fixed.

    The kinds, told by the names' endings, take turns, so that sources in one
    language do not outnumber everything else. A file more or less on the machine
    changes little else of the choice, nor does the project's place.
    """
    kinds = defaultdict(dict)
    for root in roots:
        for path in walk(root):
            inside = path.is_relative_to(PROJECT)
            name = str(path.relative_to(PROJECT) if inside else path)
            ending = os.path.splitext(name)[1].lower()
            kinds[ending].setdefault(order(seed, name), path)
    # Endings that only one or two files have are mostly parts of their names.
    queues = [
        [paths[key] for key in sorted(paths, reverse=True)]
        for ending, paths in sorted(kinds.items(), key=lambda kind: order(seed, kind[0]))
        if len(paths) >= 3
    ]
    chosen, contents = [], set()
    while queues and len(chosen) < count:
        for queue in list(queues):
            if not queue:
                queues.remove(queue)
                continue
            path = queue.pop()
            try:
                if path.is_symlink() or not 16 <= path.stat().st_size <= largest:
                    continue
                content = hashlib.sha256(path.read_bytes()).digest()
            except OSError:
                continue
            # A copy would count twice.
            if content not in contents:
                contents.add(content)
                chosen.append(path)
    if len(chosen) < count:
        raise SystemExit(f"models: only {len(chosen)} files were found")
    return chosen[:count]
