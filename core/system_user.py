"""The system user that runs the embedded servers, and the folders it must reach.

PostgreSQL refuses to run as root. So root starts both servers as a user of their own; anybody else
starts them as themselves.
"""

import grp
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.startup import CannotStart

NAME = "makao"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Who runs the servers. `changes` says whether that is somebody other than this process."""

    uid: int
    gid: int
    changes: bool

    def run(
        self, command: list[str], environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in `/` and a session of its own, and wait for it.

        Its output passes through files: a server that it leaves behind would keep a pipe open.
        """
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            ended = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd="/",
                env=environment,
                start_new_session=True,
                user=self.uid if self.changes else None,
                group=self.gid if self.changes else None,
                extra_groups=[] if self.changes else None,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, ended.returncode, out.read(), err.read())

    def owns(self, path: Path) -> bool:
        """Whether `path` is this user's own, and not a link to somewhere else."""
        found = path.lstat()
        return found.st_uid == self.uid and not stat.S_ISLNK(found.st_mode)

    def make_folder(self, path: Path) -> None:
        """Make `path` a folder that only this user (and root) may enter.

        Raises:
            CannotStart: it belongs to somebody else, who could then read what is put there.

        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.changes and path.stat().st_uid == os.geteuid():
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
            if not self.owns(path):
                raise CannotStart(f"The folder {path} belongs to somebody else; remove it.")
            path.chmod(0o700)
        except OSError as error:
            raise CannotStart(f"Cannot write to {path}: {error.strerror}.") from error

    def open_way_to(self, path: Path) -> None:
        """Let this user pass (not read) the folders above `path`; only root needs to, and may."""
        if not self.changes:
            return
        for folder in path.resolve().parents:
            found = folder.stat()
            if not self._passes(found):
                folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
                log.warning("let other users pass %s (o+x), so that %s reaches it", folder, NAME)

    def _passes(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def server_user() -> SystemUser:
    """Tell who runs the servers: for root the user `makao`, made if it is not there.

    Raises:
        CannotStart: the user is missing and cannot be made.

    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid(), changes=False)
    try:
        found = pwd.getpwnam(NAME)
    except KeyError:
        found = _make()
    return SystemUser(found.pw_uid, found.pw_gid, changes=True)


def _make() -> pwd.struct_passwd:
    program = shutil.which("useradd")
    if program is None:
        raise CannotStart(f"PostgreSQL does not run as root: make a system user named {NAME}.")
    group = "--gid" if _has_group() else "--user-group"
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", group]
    made = subprocess.run(
        [*command, *([NAME] if group == "--gid" else []), NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = pwd.getpwnam(NAME)  # another process may have made it meanwhile: that will do
    except KeyError:
        raise CannotStart(f"Cannot make the system user {NAME}: {made.stderr.strip()}") from None
    log.info("made the system user %s for the embedded servers", NAME)
    return found


def _has_group() -> bool:
    try:
        grp.getgrnam(NAME)
    except KeyError:
        return False
    return True
