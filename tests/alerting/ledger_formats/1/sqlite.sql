CREATE TABLE cases (
    id INTEGER NOT NULL,
    state VARCHAR(32) NOT NULL,
    assignee TEXT,
    due BIGINT,
    outcome VARCHAR(32),
    PRIMARY KEY (id)
);

CREATE TABLE cursors (
    reader VARCHAR(64) NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (reader)
);

CREATE TABLE meta (
    name VARCHAR(64) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE outbox (
    id INTEGER NOT NULL,
    alert_id VARCHAR(64) NOT NULL,
    time BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    value DOUBLE,
    target DOUBLE,
    ratio DOUBLE,
    tags TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE alerts (
    id VARCHAR(64) NOT NULL,
    class VARCHAR(64) NOT NULL,
    subject_kind VARCHAR(32) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    target_id VARCHAR(255) NOT NULL,
    onset BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    resolved_at BIGINT,
    state VARCHAR(32) NOT NULL,
    level SMALLINT NOT NULL,
    case_id INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(case_id) REFERENCES cases (id)
);

CREATE INDEX alerts_by_onset ON alerts (onset);

CREATE INDEX alerts_by_raising ON alerts (raised_at, id);

CREATE INDEX alerts_by_state ON alerts (state, raised_at, id);

CREATE INDEX alerts_of_case ON alerts (case_id);

CREATE INDEX alerts_of_place ON alerts (subject, raised_at);

CREATE INDEX alerts_of_subject ON alerts (class, subject, target_id, raised_at, id);

CREATE TABLE case_history (
    id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    "by" TEXT NOT NULL,
    verb VARCHAR(32) NOT NULL,
    from_state VARCHAR(32),
    to_state VARCHAR(32) NOT NULL,
    comment TEXT NOT NULL,
    outcome VARCHAR(32),
    assignee TEXT,
    alert_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(case_id) REFERENCES cases (id)
);

CREATE INDEX history_of_case ON case_history (case_id, id);
