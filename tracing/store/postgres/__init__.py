class PostgresStore:
    pass
