# Python imports this at start-up.
import gc

# To look for garbage after every 700 new objects takes a seventh of the start of Label Studio,
# which makes very many objects and hardly any garbage.
gc.set_threshold(50_000)

# Test passwords need no strong hash, and Django's 1,000,000 rounds would take most of a second for
# each sign-in and sign-up.
try:
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 1000
except ImportError:
    pass
