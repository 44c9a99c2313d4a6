"""What is in the database, kept beside its tables to be copied back after the next test has emptied them."""

from django.db import connection, transaction

from tests.emptying import filled

COLUMNS = """
SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER'
AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = 'kept') GROUP BY table_name
"""


def keep() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA kept")
        for name in filled(cursor):
            cursor.execute(f"CREATE TABLE kept.{name} AS TABLE public.{name}")


def bring_back() -> None:
    """The same rows with the same ids; foreign keys are checked at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for name, columns in cursor.fetchall():
            rows = f'SELECT {columns} FROM kept."{name}"'
            cursor.execute(f'INSERT INTO public."{name}" ({columns}) OVERRIDING SYSTEM VALUE {rows}')
