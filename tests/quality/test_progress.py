from __future__ import annotations

import pytest
from tests.quality.test_study import EVERY

from assay.errors import AssayError
from assay.quality.progress import tell
from assay.quality.study import TYPES, study


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_tells_how_far_it_is_and_finds_the_same(kind):
    told = []

    found = study(EVERY[kind], type=kind, progress=lambda *said: told.append(said))

    assert len({stage for stage, _, _ in told}) >= 2
    assert all(done >= 0 and (done <= of or of == 0) for _, done, of in told)
    assert found.verdicts.equals(study(EVERY[kind], type=kind).verdicts)


def test_rounds_and_marks_and_profiles_are_told():
    stages = set()

    for kind in ("categorical", "spans"):
        study(EVERY[kind], type=kind, progress=lambda stage, *_: stages.add(stage))

    assert {"hierarchical", "ebcc", "bwa", "lining up marks", "profiles of people"} <= stages


def test_nobody_is_told_after_the_study_is_done_or_failed():
    told = []
    with pytest.raises(AssayError):
        study(EVERY["ratings"].head(0), type="ratings", progress=lambda *said: told.append(said))
    before = len(told)

    tell("later", 1, 2)
    study(EVERY["ratings"], type="ratings")

    assert before > 0
    assert len(told) == before
