"""record_event with SQLAlchemy, on the tables that the Node side has made. Importing it maps the classes."""
import json
import os
from datetime import datetime, timezone

from sqlalchemy import Column, ForeignKey, Integer, String, Text, TypeDecorator, create_engine
from sqlalchemy.orm import configure_mappers, declarative_base, relationship, sessionmaker

Base = declarative_base()


class Json(TypeDecorator):
    """As TypeORM stores it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value)


class Organization(Base):
    __tablename__ = "organizations"
    id = Column(Integer, primary_key=True)
    name = Column(String(255))


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    org_id = Column(Integer, ForeignKey("organizations.id"))
    name = Column(String(320))
    org = relationship(Organization, backref="users")


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    org_id = Column(Integer, ForeignKey("organizations.id"), nullable=False)
    user_id = Column(Integer, ForeignKey("users.id"))
    action = Column(String(255), nullable=False)
    object_type = Column(String(255), nullable=False)
    object_id = Column(String(255))
    additional_properties = Column(Json)
    created_at = Column(String, nullable=False)
    org = relationship(Organization, backref="events")
    user = relationship(User, backref="events")


configure_mappers()
# The connection is opened by the process that uses it first: a horse, or a child of the pool.
engine = create_engine("sqlite:///" + os.environ["REDASH_DATABASE"], connect_args={"timeout": 30})
Session = sessionmaker(bind=engine)

ACTIONS = [
    {"action": "view", "object_type": "query"},
    {"action": "view", "object_type": "dashboard"},
    {"action": "execute", "object_type": "query", "cache": "hit", "parameters": {"from": "2019-10-01", "limit": 100}},
    {"action": "view_source", "object_type": "query"},
    {"action": "search", "object_type": "query", "term": "monthly revenue"},
]


def make_event(index):
    """What examples/redash/seed.ts makes."""
    return {
        "org_id": 1,
        "user_id": 1,
        "user_name": "Ada Lovelace",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0 Safari/537.36",
        "ip": "203.0.113.%d" % (index % 256),
        **ACTIONS[index % len(ACTIONS)],
        "object_id": index,
        "timestamp": 1572393600 + index,
    }


def record_event(raw):
    raw = dict(raw)
    created_at = datetime.fromtimestamp(raw.pop("timestamp"), timezone.utc)
    object_id = raw.pop("object_id", None)
    event = Event(
        org_id=raw.pop("org_id"),
        user_id=raw.pop("user_id", None),
        action=raw.pop("action"),
        object_type=raw.pop("object_type"),
        object_id=None if object_id is None else str(object_id),
        created_at=created_at.strftime("%Y-%m-%d %H:%M:%S.000"),
        additional_properties=raw,
    )
    with Session() as session:
        session.add(event)
        session.commit()
