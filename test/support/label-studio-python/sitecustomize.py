# Python imports this at start-up. Test passwords need no strong hash, and Django's 1,000,000 rounds
# would take most of a second for each sign-in and sign-up.
try:
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 1000
except ImportError:
    pass
