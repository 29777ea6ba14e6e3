"""Organisers, teams, roles, and the one-time links by which the host lets someone in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from clarion.kernel.ids import new_id


class OrganiserManager(BaseUserManager["Organiser"]):
    """Finds organisers by their address, letter case aside."""

    def get_by_natural_key(self, username: str | None) -> "Organiser":
        """The organiser with this e-mail address."""
        return self.get(email__iexact=username)


class Organiser(AbstractBaseUser):
    """A person with an office account."""

    public_id = models.CharField(max_length=32, unique=True, default=new_id)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=12, default="en")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[OrganiserManager] = OrganiserManager()

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    """Those who run one or more campaigns. `owner_email` is the organiser's address in `campaign.toml`."""

    name = models.CharField(max_length=200)
    owner_email = models.EmailField(unique=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An organiser's role on a team; `countries` empty means all of them."""

    class Role(models.TextChoices):
        """What a member may do."""

        ADMIN = "admin", "Campaign admin"
        MODERATOR = "moderator", "Moderator"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    organiser = models.ForeignKey(Organiser, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    countries = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "organiser"], name="one_role_for_an_organiser_on_a_team")
        ]

    def __str__(self) -> str:
        return f"{self.organiser} {self.role}"


class SignInLink(models.Model):
    """A one-time link into the office, made in the host's shell: only its fingerprint is stored."""

    organiser = models.ForeignKey(Organiser, on_delete=models.CASCADE, related_name="sign_in_links")
    fingerprint = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    resets_factors = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"link for {self.organiser}"
