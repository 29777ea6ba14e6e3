"""How many forms may be under way, and who is let in longer."""

from clarion.intake.admission import Admission


def entered(admission: Admission, tries: int, *, is_by_link: bool = False) -> int:
    """How many of so many forms are let in."""
    return sum(admission.enter(is_by_link=is_by_link) for _ in range(tries))


def test_past_the_limit_nobody_comes_in_before_somebody_leaves() -> None:
    admission = Admission(640)

    assert entered(admission, 1_000) == 640
    admission.leave()
    assert entered(admission, 2) == 1


def test_who_comes_by_a_mailed_link_is_let_in_when_new_forms_are_not() -> None:
    admission = Admission(640)
    entered(admission, 640)

    assert entered(admission, 1_000, is_by_link=True) == 640


def test_while_forms_take_long_fewer_may_be_under_way_and_more_again_afterwards() -> None:
    admission = Admission(640)
    for second in range(1, 20):
        admission.note(1.5, float(second))
    few = entered(admission, 1_000)
    for _ in range(few):
        admission.leave()
    for second in range(20, 40):
        admission.note(0.01, float(second))

    assert few == 192
    assert entered(admission, 1_000) == 640


def test_a_form_that_trickles_makes_room_and_stands_in_line_again_once_it_is_whole() -> None:
    admission = Admission(10)
    entered(admission, 10)

    assert admission.step_aside()
    assert entered(admission, 2) == 1
    admission.step_back()
    assert entered(admission, 1) == 0
