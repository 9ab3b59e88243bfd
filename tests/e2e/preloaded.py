"""What each bot of the tests would do anew: its code is read and its templates are compiled before bots are forked."""

import gc
from importlib import import_module

import bot.adapters
import bot.commands
import bot.services
import bot.web
import bot.workers
from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.templates import RUNBOOKS
from bot.services.features import load_features
from tests.support.folders import TEMPLATES

for package in (bot.adapters, bot.commands, bot.services, bot.web, bot.workers):
    load_features(package)
for late in ("bot.app.run", "bot.app.logs", "sqlalchemy.dialects.postgresql.psycopg", "uvicorn.loops.auto"):
    import_module(late)

templates = JinjaTemplates([TEMPLATES])
for file in sorted(TEMPLATES.rglob("*.j2")):
    if not (name := file.relative_to(TEMPLATES).as_posix()).startswith(RUNBOOKS):
        templates.try_to_read(name)

gc.collect()
gc.freeze()  # what a collection of garbage touches, the kernel would have to copy for each bot
