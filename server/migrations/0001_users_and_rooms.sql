-- Users with their logins, rooms with their membership, and nothing else.
-- Times are milliseconds since the Unix epoch. Ids are 128 random bits.
-- A guest is a row of `users` without a row of `accounts`, so a guest's name has no column to be in.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX users_by_end ON users (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE accounts (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    display_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `number` keeps the order of making where two times are the same.
CREATE TABLE logins (
    number INTEGER PRIMARY KEY,
    user BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key BLOB NOT NULL CHECK (length(key) = 16),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    UNIQUE (user, key)
) STRICT;

CREATE TABLE rooms (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    pin_hash TEXT,
    capacity INTEGER NOT NULL,
    owner BLOB NOT NULL CHECK (length(owner) = 16),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_by_end ON rooms (expires_at);

-- `number` is the order of joining. `user` refers to no table: the methods on rooms do not look at users.
CREATE TABLE memberships (
    number INTEGER PRIMARY KEY,
    room BLOB NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user BLOB NOT NULL CHECK (length(user) = 16),
    joined_at INTEGER NOT NULL,
    UNIQUE (room, user)
) STRICT;

CREATE INDEX memberships_by_user ON memberships (user);
