"""Registered EHRs, addresses, the administrator's sheet, our own keys."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from joserfc.jwk import ECKey
from support.launch_fakes import FrozenClock, MemoryKeyStore, MemoryVault, plain
from support.launch_world import APP, World

from launch.errors import LaunchError
from launch.fhirids import is_fhir_id, relative_reference
from launch.issuers import RegisteredEhr, StaticRegistry, match_iss
from launch.keys import SigningKeys
from launch.launcher import LaunchSettings
from launch.presets import PRESETS, preset
from launch.registration import registration_sheet
from launch.scopes import Scope
from launch.urls import checked_base, checked_origin, checked_url, is_loopback, origin


def ehr(**changes: Any) -> RegisteredEhr:
    return RegisteredEhr(**{"name": "ehr", "fhir_base": "https://ehr.invalid/fhir", "client_id": "app", **changes})


@pytest.mark.parametrize(
    "base",
    [
        *("https://ehr.invalid/fhir", "https://ehr.invalid", "https://ehr.invalid:8443/a/b-c_d~e.f", "https://[::1]/f"),
        *("http://localhost:9000/fhir", "http://127.0.0.1:9000/fhir", "http://[::1]:9000/fhir", "https://a/$x/@/(1)"),
    ],
)
def test_a_base_that_may_be_registered(base: str) -> None:
    assert ehr(fhir_base=base).fhir_base == base
    assert ehr(fhir_base=base + "/").fhir_base == base
    assert ehr(fhir_base=base).issuer == base


@pytest.mark.parametrize(
    "base",
    [
        *("", None, 5, "ehr.invalid", "//ehr.invalid/fhir", "http://ehr.invalid/fhir", "ftp://ehr.invalid/fhir"),
        *("https://", "https:///fhir", "https://user@ehr.invalid/fhir", "https://ehr.invalid/fhir?x=1"),
        *("https://ehr.invalid/fhir?", "https://ehr.invalid/fhir#x", "https://ehr.invalid/fhir#", "HTTPS://x/fhir"),
        *("https://EHR.invalid/fhir", "https://ehr.invalid/a/../fhir", "https://ehr.invalid/./fhir"),
        *("https://ehr.invalid//fhir", "https://ehr.invalid/%66hir", "https://ehr.invalid\\fhir"),
        *("https://ehr.invalid/fhir\n", " https://ehr.invalid/fhir", "https://ehr.invalid/é", "https://é.invalid/"),
        *("https://ehr..invalid/", "https://-ehr.invalid/", "https://ehr.invalid:0/", "https://ehr.invalid:x/"),
        *("https://ehr.invalid:99999/", "https://ehr.invalid:" + "9" * 5000 + "/", "https://ehr.invalid/" + "x" * 2048),
        *(
            "http://127.0.0.1.evil.invalid/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://localhost.evil.invalid/",
        ),
        *("https://[::1", "https://[x]/", "https://a:b:c/"),
    ],
)
def test_a02_a03_a_base_that_may_not_be_registered(base: Any) -> None:
    with pytest.raises(ValueError, match="The FHIR base"):
        ehr(fhir_base=base)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"tenant": "../x"}, "tenant"),
        ({"client_id": ""}, "client id"),
        ({"client_id": "a b"}, "client id"),
        ({"client_id": "a\n"}, "client id"),
        ({"backend_client_id": ""}, "backend client id"),
        ({"auth": "client_secret_post"}, "client authentication"),
        ({"auth": "client_secret_basic"}, "client secret"),
        ({"auth": "client_secret_basic", "secret": "env:X", "client_id": "a:b"}, "colon"),
        ({"secret": "env:X"}, "client secret"),
        ({"signing": "RS256"}, "signing algorithm"),
        ({"signing": "none"}, "signing algorithm"),
        ({"issuer": "http://ehr.invalid"}, "issuer"),
        ({"scope_syntax": "v3"}, "scope syntax"),
        ({"endpoints": {"authorise": "https://ehr.invalid"}}, "endpoint"),
        ({"endpoints": {"token": "http://ehr.invalid"}}, "token endpoint"),
        ({"id_token_algorithms": ()}, "algorithm"),
        ({"id_token_algorithms": ("none",)}, "ID tokens"),
        ({"id_token_algorithms": ("HS256",)}, "ID tokens"),
        ({"frame_ancestors": ("https://ehr.invalid/",)}, "frame ancestor"),
        ({"frame_ancestors": ("*",)}, "frame ancestor"),
        ({"frame_ancestors": ("https://*.ehr.invalid",)}, "frame ancestor"),
        ({"users": {"Practitioner/1": "root"}}, "role"),
        ({"role_codes": {"a|b": "root"}}, "role"),
        ({"open": "yes"}, "open"),
        ({"own_callback": 1}, "redirect address"),
    ],
)
def test_a_registration_that_cannot_be_right(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ehr(**changes)


def test_pkce_cannot_be_switched_off() -> None:
    with pytest.raises(ValueError, match="Unknown: pkce"):
        RegisteredEhr.from_dict({"name": "ehr", "fhir_base": "https://ehr.invalid", "client_id": "a", "pkce": False})


def test_a_registration_survives_storage_and_cannot_be_changed() -> None:
    one = ehr(
        auth="client_secret_basic",
        secret="env:X",
        users={"Practitioner/1": "administrator"},
        endpoints={"token": "https://login.invalid/token"},
        frame_ancestors=["https://ehr.invalid", "http://127.0.0.1:9000"],
        backend_client_id="worker",
    )
    assert RegisteredEhr.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    with pytest.raises(FrozenInstanceError):
        one.fhir_base = "https://evil.invalid"  # type: ignore[misc]
    assert ehr(open=True, client_id="").open


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"name": "ehr"},
        {"name": 5, "fhir_base": "https://x"},
        {"name": "ehr", "fhir_base": "https://x", "client_id": "a", "users": 5},
    ],
)
def test_plain_values_that_make_no_registration(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="incomplete or of the wrong types"):
        RegisteredEhr.from_dict(values)


def test_two_ehrs_of_one_name_or_base_are_refused() -> None:
    first, same_base = ehr(), ehr(name="other")
    second = ehr(name="a-second", fhir_base="https://second.invalid/fhir")
    for pair in ((first, same_base), (first, ehr(fhir_base="https://x.invalid"))):
        with pytest.raises(ValueError, match="Two EHRs"):
            StaticRegistry(pair)
    registry = StaticRegistry([first, second])
    assert registry.all() == (second, first)
    assert registry.by_name("ehr") is registry.by_fhir_base("https://ehr.invalid/fhir") is first
    assert registry.by_name("EHR") is registry.by_fhir_base("https://ehr.invalid/FHIR") is None


def test_a03_a_registry_that_folds_case_does_not_widen_what_is_accepted() -> None:
    with pytest.raises(LaunchError):
        match_iss("https://EHR.invalid/fhir", ehr())
    assert match_iss("https://ehr.invalid/fhir/", ehr()) == ehr()


def test_addresses() -> None:
    assert origin("https://ehr.invalid:443/x") == "https://ehr.invalid"
    assert origin("http://[::1]:80/x") == "http://[::1]"
    assert origin("https://ehr.invalid:80/x?y=@z") == "https://ehr.invalid:80"
    assert checked_url("https://ehr.invalid/x?a=b", "It") == "https://ehr.invalid/x?a=b"
    assert checked_base("https://ehr.invalid/", "It") == "https://ehr.invalid"
    assert checked_origin("https://ehr.invalid", "It") == "https://ehr.invalid"
    assert ehr(fhir_base="http://127.0.0.2:1/f").on_loopback
    assert not ehr().on_loopback
    assert [is_loopback(host) for host in ("[::1]", "127.0.0.1", "localhost", "10.0.0.1", "127.0.0.1.evil")] == [
        *(True, True, True, False, False),
    ]


@pytest.mark.parametrize("url", ["https://app.invalid/", "https://app.invalid/x", "http://app.invalid", "app.invalid"])
def test_the_public_url_is_an_origin(url: str) -> None:
    with pytest.raises(ValueError, match="The public URL"):
        LaunchSettings(url)


@pytest.mark.parametrize("value", ["a", "A-1.b", "x" * 64, "..."])
def test_a_fhir_id(value: str) -> None:
    assert is_fhir_id(value)


@pytest.mark.parametrize("value", ["", ".", "..", "x" * 65, "a_b", "a/b", "a\n", "é", None, 5, ["a"]])
def test_d08_no_fhir_id(value: object) -> None:
    assert not is_fhir_id(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Practitioner/1", "Practitioner/1"),
        ("https://ehr.invalid/fhir/Practitioner/1", "Practitioner/1"),
        *(
            (bad, None)
            for bad in (
                *("https://ehr.invalid/fhirx/Practitioner/1", "https://ehr.invalid/Practitioner/1", "Practitioner"),
                *(
                    "Practitioner/1/_history/2",
                    "Practitioner/..",
                    "/Practitioner/1",
                    "practitioner/1",
                    "Practitioner/1?x",
                ),
            )
        ),
    ],
)
def test_references_under_the_base(value: str, read: str | None) -> None:
    assert relative_reference(value, "https://ehr.invalid/fhir") == read


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_can_be_registered_and_say_that_they_are_untested(name: str) -> None:
    one = RegisteredEhr.from_dict(preset(name, client_id="mine", tenant="clinic"))
    assert (one.name, one.client_id, one.untested_since) == (name, "mine", PRESETS[name]["untested_since"])
    sheet = registration_sheet(one, {}, APP)
    assert f"Not tried against this server; facts as of {one.untested_since}." in sheet


def test_a_preset_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="epic"):
        preset("nobody")


def test_the_administrators_sheet() -> None:
    one = ehr(auth="private_key_jwt", backend_client_id="worker", frame_ancestors=("https://ehr.invalid",))
    condition = Scope("patient", "Condition", "rs")
    reasons = {"the chart view": [(condition, "CMS122: diabetes")], "the rest": [(Scope("user", "Group", "rs"), "who")]}
    sheet = registration_sheet(one, reasons, APP)
    for line in (
        *(f"{APP}/launch\n", f"{APP}/callback", f"{APP}/.well-known/jwks.json", "ES384", "private_key_jwt", "worker"),
        *(
            "https://ehr.invalid\n",
            "patient/Condition.rs\n      CMS122: diabetes",
            "user/PractitionerRole.rs",
            "openid",
            "Scopes for the rest:\n  user/Group.rs\n      who",
        ),
    ):
        assert line in sheet
    assert "Not tried" not in sheet
    named = registration_sheet(ehr(own_callback=True, scope_syntax="v1"), reasons, APP)
    for line in (f"{APP}/callback/ehr\n", "user/PractitionerRole.read", "patient/Condition.read", "user/Group.read"):
        assert line in named
    vitals, labs = (
        Scope("patient", "Observation", "rs", (("category", one),)) for one in ("vital-signs", "laboratory")
    )
    joined = registration_sheet(ehr(scope_syntax="v1"), {"it": [(vitals, "a"), (labs, "b"), (labs, "a")]}, APP)
    assert "  patient/Observation.read\n      a; b\n" in joined
    public = registration_sheet(ehr(), reasons, APP)
    assert "jwks" not in public
    assert "frame" not in public
    assert "public client" in public
    with pytest.raises(ValueError, match="The public URL"):
        registration_sheet(one, reasons, "http://app.invalid")


PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def test_k06_the_key_set_is_public_and_names_its_keys(world: World) -> None:
    response = world.get("/.well-known/jwks.json")
    assert response.mimetype == "application/json"
    keys = response.json["keys"]  # type: ignore[index]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("RSA", "RS384", "sig"), ("EC", "ES384", "sig")]
    assert len({key["kid"] for key in keys}) == 2
    assert all(key["kid"] and not PRIVATE & key.keys() for key in keys)
    assert world.key_store.sealed is not None
    assert keys[0]["kid"].encode() not in world.key_store.sealed


def curve_keys() -> list[dict[str, Any]]:
    """Fresh keys without the wait for RSA's primes."""
    key = ECKey.generate_key("P-384")
    return [{**key.as_dict(private=True), "use": "sig", "alg": "ES384", "kid": key.thumbprint()}]


class TestKeys:
    def keys(self, store: MemoryKeyStore, clock: FrozenClock) -> SigningKeys:
        return SigningKeys(store, MemoryVault(), clock, curve_keys)

    def test_keys_as_they_are_made(self) -> None:
        keys = SigningKeys(MemoryKeyStore(), MemoryVault(), FrozenClock())
        assert keys.signing_key("RS384").private_key.key_size == 3072  # type: ignore[union-attr]
        assert keys.signing_key("ES384").curve_name == "P-384"  # type: ignore[union-attr]

    def test_two_processes_have_the_same_keys(self) -> None:
        store, clock = MemoryKeyStore(), FrozenClock()
        first, second = self.keys(store, clock), self.keys(store, clock)
        assert first.public_jwks() == second.public_jwks()
        assert first.signing_key("ES384").kid == second.signing_key("ES384").kid

    def test_two_processes_that_start_together_agree(self) -> None:
        store, clock = MemoryKeyStore(), FrozenClock()
        early_keys: list[Any] = []

        def meanwhile() -> list[dict[str, Any]]:
            if not early_keys:
                early_keys.append(self.keys(store, clock).public_jwks())
            return plain(made)

        made = curve_keys()
        late = SigningKeys(store, MemoryVault(), clock, meanwhile)
        assert late.public_jwks() == early_keys[0]

    def test_rotation_keeps_old_keys_published_for_thirty_days(self) -> None:
        store, clock = MemoryKeyStore(), FrozenClock()
        keys, other = self.keys(store, clock), self.keys(store, clock)
        old = [one["kid"] for one in keys.public_jwks()["keys"]]
        assert [one["kid"] for one in other.public_jwks()["keys"]] == old
        keys.rotate()
        both = [one["kid"] for one in keys.public_jwks()["keys"]]
        assert both[1:] == old
        assert [one["kid"] for one in other.public_jwks()["keys"]] == old
        clock.forward(minutes=5)
        assert [one["kid"] for one in other.public_jwks()["keys"]] == both
        clock.forward(days=20)
        keys.rotate()
        assert [one["kid"] for one in keys.public_jwks()["keys"]][1:] == both
        clock.forward(days=10)
        keys.rotate()
        assert old[0] not in [one["kid"] for one in keys.public_jwks()["keys"]]

    def test_a_new_key_signs_when_every_process_and_every_ehr_can_know_it(self) -> None:
        store, clock = MemoryKeyStore(), FrozenClock()
        keys = self.keys(store, clock)
        old = keys.signing_key("ES384").kid  # the first there are sign at once
        keys.rotate()
        new = keys.public_jwks()["keys"][0]["kid"]
        for minutes, signs in ((9, old), (1, new)):
            clock.forward(minutes=minutes)
            assert keys.signing_key("ES384").kid == self.keys(store, clock).signing_key("ES384").kid == signs
        keys.rotate()
        assert keys.signing_key("ES384").kid == new

    def test_there_is_no_key_for_another_algorithm(self) -> None:
        keys = SigningKeys(MemoryKeyStore(), MemoryVault(), FrozenClock(), list)
        with pytest.raises(LaunchError) as error:
            keys.signing_key("RS384")
        assert error.value.code == "launch.no-key"
