"""The office as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from clarion.kernel.memory import give_back

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
application = get_wsgi_application()
give_back()  # what loading it all took
