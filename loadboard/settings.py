"""Everything that a deployment can set, each as an environment variable LOADBOARD_…"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LOADBOARD_")

    database_url: str = Field(
        "postgresql:///loadboard", description="PostgreSQL with PostGIS, as a libpq URL"
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Redis, as redis://… or unix://…"
    )
    home: Path = Field(
        Path(".local"), description="Where ./scripts/run keeps its servers and demo.json"
    )
    database_connections: int = Field(
        10, ge=1, description="Connections to PostgreSQL that one process opens at most"
    )
    statement_timeout_s: int = Field(
        20, ge=1, description="Seconds after which PostgreSQL ends a statement of a request"
    )
    max_body_kb: int = Field(
        1024, ge=1, description="Largest request body in KiB; an import has its own limit"
    )
    max_import_mb: int = Field(
        4096, ge=1, description="Largest import in MiB, counted after decompression"
    )
    max_document_mb: int = Field(10, ge=1, description="Largest document of a booking in MiB")
    documents: Path | None = Field(
        None,
        description="Where documents of bookings are kept; `documents` in LOADBOARD_HOME unless set",
    )
    board_wait_s: float = Field(
        5.0, ge=0, description="Seconds that a search waits at most for its Board-Position"
    )
    board_age_s: float = Field(
        60.0, ge=1, description="Age in seconds from which the board is too old to answer from"
    )
    long_searches: int = Field(
        2, ge=1, description="Long searches (trips, drive times, large polygons, matches) at once"
    )
    long_search_s: float = Field(
        10.0, gt=0, description="Seconds after which a long search is given up, its wait included"
    )
    listings_mb: int = Field(
        128, ge=1, description="Memory in MiB for listings that a process keeps at hand"
    )
    areas_mb: int = Field(
        32, ge=1, description="Memory in MiB for which loads' places lie in the areas asked for"
    )
    hexes_cache_s: int = Field(
        10, ge=0, description="Seconds for which Redis keeps the hexagons of one query"
    )
    requests_per_s: int = Field(
        100, ge=1, description="Requests that one token or key may send in a second"
    )
    organization_requests_per_s: int = Field(
        300, ge=1, description="Requests that all of an organisation may send in a second"
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where people reach the service, for the way back here"
    )
    oidc_issuer: str = Field("", description="An OpenID Connect issuer to sign in at; its URL")
    oidc_client_id: str = Field("", description="What the issuer knows this service by")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="What the issuer knows it for sure by"
    )
    oidc_algorithm: Literal["RS256", "PS256", "ES256", "EdDSA"] = Field(
        "RS256",
        description="The one algorithm that the issuer signs with: RS256, PS256, ES256, EdDSA",
    )
    contacts_per_day: int = Field(
        200, ge=0, description="Loads whose contact an organisation may ask for in one day (UTC)"
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")


@cache
def settings() -> Settings:
    return Settings()
