"""Phone numbers as providers take them: E.164, and such that exist in their country."""

import phonenumbers

from core.errors import BadInput
from core.text import N_

REGIONS = {"KES": "KE", "UGX": "UG", "TZS": "TZ", "NGN": "NG", "ZAR": "ZA", "EUR": "FR"}


def region(currency: str) -> str:
    """Say whose numbers are written without a country's code where a currency is the home's.

    As the open form of applications does (read_application in migrations/sql/onboarding/).
    """
    return REGIONS.get(currency, "KE")


def e164(typed: str, region: str, field: str = "phone") -> str:
    """Read a number as people write it there, or with its country's code: `+254712345678`.

    Raises:
        BadInput: it is no number of a phone that could be called.

    """
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise BadInput(
            N_("That is no phone number. Write it like %(example)s."),
            field=field,
            example=_example(region),
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mobile(typed: str, region: str, field: str = "phone") -> str:
    """Read the number of a mobile phone of one country.

    Raises:
        BadInput: it is none, or of another country.

    """
    read = e164(typed, region, field)
    number = phonenumbers.parse(read)
    kinds = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if (
        phonenumbers.region_code_for_number(number) != region
        or phonenumbers.number_type(number) not in kinds
    ):
        raise BadInput(
            N_("It has to be a mobile number of the country, like %(example)s."),
            field=field,
            example=_example(region),
        )
    return read


def _example(region: str) -> str:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None, "each country has an example"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def forms(number: str) -> list[str]:
    """Give the forms in which one E.164 number stands where people typed it, without spaces."""
    parsed_ = phonenumbers.parse(number)
    form = phonenumbers.PhoneNumberFormat.NATIONAL
    national = phonenumbers.format_number(parsed_, form).replace(" ", "")
    return [number, number.removeprefix("+"), national]
