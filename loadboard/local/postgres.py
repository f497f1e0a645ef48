"""The private PostgreSQL of a home: its cluster, its settings, its database."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from loadboard.local.home import Home, LocalError
from loadboard.local.processes import Process, privileges

INSTALLATIONS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic" / "versions"
NAME = "loadboard"


def postgres(home: Home, data: Path, sockets: Path, account: str | None, durable: bool) -> Process:
    binaries = _binaries(data)
    if not data.exists():
        _initialise(data, binaries, account)
    settings = _settings(sockets, durable)
    return Process(
        name="PostgreSQL",
        command=[
            str(binaries / "postgres"),
            *("-D", str(data)),
            *(f"--{name}={value}" for name, value in settings.items()),
        ],
        directory=data,
        log=home.logs / "postgres.log",
        # They name a process by its number, which another may have by now.
        stale=[data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"],
        account=account,
        # Fast shutdown: ends the sessions, writes a checkpoint.
        stop_signal=signal.SIGINT,
        patience_s=60,
    )


def database_url(sockets: Path) -> str:
    return f"postgresql://{NAME}@/{NAME}?host={sockets}"


def create_database(url: str) -> None:
    with psycopg.connect(url.replace(f"/{NAME}?", "/postgres?"), autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
        if not known.rowcount:
            connection.execute(f"CREATE DATABASE {NAME}")


def is_migrated(url: str) -> bool:
    """Whether the schema is known to be the newest, without the second that Alembic's import takes."""
    try:
        with psycopg.connect(url) as connection:
            stands = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error:
        return False
    return stands == (newest_migration(),)


def newest_migration() -> str:
    """Its revision, with which the name of its file begins."""
    return max(path.name for path in MIGRATIONS.glob("[0-9]*.py")).split("_")[0]


def _binaries(data: Path) -> Path:
    """Of the version that made the data, else the newest that has PostGIS."""
    marker = data / "PG_VERSION"
    if marker.exists():
        version = marker.read_text().strip()
        if not (INSTALLATIONS / version / "bin/postgres").exists():
            raise LocalError(
                f"{data} was made by PostgreSQL {version}, which isn't installed any more"
            )
        return INSTALLATIONS / version / "bin"
    found = [
        int(control.parts[-3])
        for control in EXTENSIONS.glob("*/extension/postgis.control")
        if (INSTALLATIONS / control.parts[-3] / "bin/initdb").exists()
    ]
    if not found:
        raise LocalError("PostgreSQL with PostGIS isn't installed")
    return INSTALLATIONS / str(max(found)) / "bin"


def _initialise(data: Path, binaries: Path, account: str | None) -> None:
    """Makes the cluster beside its place and moves it there when whole."""
    draft = data.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        str(binaries / "initdb"),
        "-D",
        str(draft),
        "-U",
        NAME,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    command += ["--auth=trust", "--data-checksums"]
    result = subprocess.run(
        [*privileges(account), *command],
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise LocalError(f"initdb failed:\n{result.stdout}{result.stderr}")
    draft.rename(data)


def _settings(sockets: Path, durable: bool) -> dict[str, str]:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "shared_buffers": f"{min(memory_mb // 4, 1024)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "maintenance_work_mem": f"{min(memory_mb // 16, 256)}MB",
        "work_mem": "16MB",
        "max_wal_size": "4GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %a ",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings
