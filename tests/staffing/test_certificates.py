"""Holders who are not on the post, posts without a holder, and certificates that run out."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from staffing.certificates import CertificateReview, HeldCertificate, review_certificates
from staffing.models import Unit
from staffing.words import UnitKind
from tests.factories import make_unit
from tests.staffing.county import NOON, add_absence, add_certificate, add_staff, day

TODAY = NOON.date()
LATER = TODAY + timedelta(days=400)


@pytest.fixture
def brigade(db: Session) -> Unit:
    return make_unit(db, "B-1", UnitKind.BRIGADE)


@pytest.fixture
def office(db: Session) -> Unit:
    return make_unit(db, "D-1", UnitKind.DEPARTMENT)


def numbers(review: CertificateReview) -> dict[str, list[str]]:
    """Who stands in which list, by staff number."""
    return {
        "off post": [one.staff_no for one in review.holders_off_post],
        "no holder": [one.staff_no for one in review.posts_without_holder],
        "expired": [one.staff_no for one, _ in review.expired],
        "expiring": [one.staff_no for one, _ in review.expiring],
        "undated": [one.staff_no for one, _ in review.undated],
    }


def test_a_holder_in_the_brigade_is_in_no_list(db: Session, brigade: Unit):
    add_certificate(db, add_staff(db, "1", brigade), "Z-1", LATER)
    assert not any(numbers(review_certificates(db, NOON)).values())


def test_a_holder_in_an_office_is_not_on_the_post(db: Session, brigade: Unit, office: Unit):
    add_certificate(db, add_staff(db, "1", office), "Z-1", LATER)
    add_staff(db, "2", office)
    assert numbers(review_certificates(db, NOON))["off post"] == ["1"]


def test_the_post_is_where_somebody_works_and_not_whose_establishment_they_are_on(
    db: Session, brigade: Unit, office: Unit
):
    add_certificate(db, add_staff(db, "1", brigade, works_at=office), "Z-1", LATER)
    add_staff(db, "2", office, works_at=brigade)
    told = numbers(review_certificates(db, NOON))
    assert (told["off post"], told["no holder"]) == (["1"], ["2"])


def test_desk_work_in_a_brigade_is_no_post_that_enforces(db: Session, brigade: Unit):
    clerk, other = add_staff(db, "1", brigade), add_staff(db, "2", brigade)
    clerk.post, other.post = "大队内勤", "内勤"
    add_certificate(db, clerk, "Z-1", LATER)
    told = numbers(review_certificates(db, NOON))
    assert (told["off post"], told["no holder"]) == (["1"], [])


def test_an_officer_whom_a_township_uses_enforces_there(db: Session, brigade: Unit):
    town = make_unit(db, "T-1", UnitKind.TOWNSHIP)
    add_certificate(db, add_staff(db, "1", brigade, works_at=town), "Z-1", LATER)
    add_staff(db, "2", brigade, works_at=town)
    add_staff(db, "3", town)
    told = review_certificates(db, NOON)
    assert (numbers(told)["off post"], numbers(told)["no holder"]) == ([], ["2"])
    assert told.units_that_cannot_act == {"B-1": 0, "T-1": 1}


def test_a_post_in_the_brigade_without_a_certificate_that_holds_has_no_holder(db: Session, brigade: Unit):
    add_staff(db, "1", brigade)
    add_certificate(db, add_staff(db, "2", brigade), "Z-2", TODAY - timedelta(days=1))
    told = numbers(review_certificates(db, NOON))
    assert (told["no holder"], told["expired"]) == (["1", "2"], ["2"])


def test_one_certificate_that_holds_is_enough(db: Session, brigade: Unit):
    officer = add_staff(db, "1", brigade)
    add_certificate(db, officer, "Z-1", date(2020, 1, 1))
    add_certificate(db, officer, "Z-2", LATER)
    told = numbers(review_certificates(db, NOON))
    assert (told["no holder"], told["expired"]) == ([], ["1"])


def test_a_certificate_holds_through_its_last_day(db: Session, brigade: Unit):
    add_certificate(db, add_staff(db, "1", brigade), "Z-1", TODAY)
    evening = day("2026-03-15") - timedelta(seconds=1)
    assert numbers(review_certificates(db, evening))["expired"] == []
    assert numbers(review_certificates(db, day("2026-03-15")))["expired"] == ["1"]


def test_certificates_near_their_last_day_are_told_nearest_first(db: Session, brigade: Unit):
    for number, days in (("1", 60), ("2", 10), ("3", 90), ("4", 89)):
        add_certificate(db, add_staff(db, number, brigade), f"Z-{number}", TODAY + timedelta(days=days))
    assert numbers(review_certificates(db, NOON))["expiring"] == ["2", "1", "4"]
    assert numbers(review_certificates(db, NOON, warned_before=timedelta(days=30)))["expiring"] == ["2"]


def test_a_certificate_without_a_date_holds_and_is_told(db: Session, brigade: Unit):
    add_certificate(db, add_staff(db, "1", brigade), "Z-1", None)
    told = numbers(review_certificates(db, NOON))
    assert (told["undated"], told["no holder"], told["expired"]) == (["1"], [], [])


def test_who_has_left_counts_nowhere(db: Session, brigade: Unit, office: Unit):
    add_certificate(db, add_staff(db, "1", office, left_on=TODAY), "Z-1", LATER)
    add_staff(db, "2", brigade, left_on=TODAY)
    assert not any(numbers(review_certificates(db, NOON)).values())


def test_a_brigade_needs_two_certified_officers_who_are_present(db: Session, brigade: Unit):
    first, second = add_staff(db, "1", brigade), add_staff(db, "2", brigade)
    add_certificate(db, first, "Z-1", LATER)
    assert review_certificates(db, NOON).units_that_cannot_act == {"B-1": 1}
    add_certificate(db, second, "Z-2", LATER)
    assert review_certificates(db, NOON).units_that_cannot_act == {}
    add_absence(db, second, day("2026-03-10"))
    assert review_certificates(db, NOON).units_that_cannot_act == {"B-1": 1}


def test_a_brigade_with_nobody_in_it_cannot_act(db: Session, brigade: Unit):
    assert review_certificates(db, NOON).units_that_cannot_act == {"B-1": 0}


def test_a_department_that_leads_enforcement_counts_as_a_post(db: Session, office: Unit):
    add_certificate(db, add_staff(db, "1", office), "Z-1", LATER)
    add_staff(db, "2", office)
    told = review_certificates(db, NOON, also_enforcing=[office.id])
    assert (numbers(told)["off post"], numbers(told)["no holder"]) == ([], ["2"])
    assert told.units_that_cannot_act == {"D-1": 1}


def test_a_certificate_in_values_holds_until_its_day_is_over():
    one = HeldCertificate("Z-1", None, TODAY)
    assert [one.holds_on(TODAY + timedelta(days=days)) for days in (-1, 0, 1)] == [True, True, False]
