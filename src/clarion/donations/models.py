"""Ways to give: a page of its own in each language, and one bank account for all of them."""

from django.db import models

from clarion.campaigns.models import Campaign


class GivePage(models.Model):
    """How to give, in one language."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="give_pages")
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    beneficiary = models.CharField(max_length=70, blank=True)  # EPC069-12: 70 characters
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    reference = models.CharField(max_length=140, blank=True)
    links = models.JSONField(default=list, blank=True)  # [{"text": …, "url": …}]
    body = models.TextField(blank=True)  # Markdown

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "language"], name="one_give_page_for_a_language")]

    def __str__(self) -> str:
        return self.title
