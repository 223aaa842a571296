# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real data that every machine has: files, and the sentences of documentation."""

import os
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import List

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


def files(count: int, largest: int = 1 << 22) -> List[Path]:
    """Files of as many kinds as this machine has, in a fixed random order.

    The kinds, told by the names' endings, take turns, so that sources in one
    language do not outnumber everything else.
    """
    roots = [Path("/usr/share"), Path("/usr/lib"), Path("/usr/include"), Path("/etc"),
             Path("/usr/bin"), Path(os.__file__).parent, Path(__file__).parents[2]]
    kinds = defaultdict(list)
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            if {"proc", "sys"} & set(folder.split(os.sep)):
                continue
            for name in sorted(names):
                ending = os.path.splitext(name)[1].lower()
                # Enough of each to choose from.
                if len(kinds[ending]) < 400:
                    kinds[ending].append(Path(folder, name))
    rng = random.Random(SEED)
    for paths in kinds.values():
        rng.shuffle(paths)
    # Endings that only one or two files have are mostly parts of their names.
    queues = [kinds[ending] for ending in sorted(kinds) if len(kinds[ending]) >= 3]
    rng.shuffle(queues)
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
                content = path.read_bytes()
            except OSError:
                continue
            # A copy would count twice.
            if hash(content) in contents:
                continue
            contents.add(hash(content))
            chosen.append(path)
    if len(chosen) < count:
        raise SystemExit(f"models: only {len(chosen)} files were found")
    return chosen[:count]
