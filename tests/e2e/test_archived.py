"""A channel that people close while its incident is under way: what Spy says is read elsewhere, once."""

from datetime import timedelta

from tests.e2e.world import World

ELSEWHERE = "so Spy tells you here:"


def dms(world: World, person: str) -> list[str]:
    """What Spy wrote to somebody about incidents."""
    [channel] = [it for it in world.box.slack.state.channels.values() if it.is_im and it.name == person]
    return [it for it in world.texts(channel.id) if it.startswith("*INC-")]


def test_what_an_archived_channel_does_not_take_is_read_elsewhere(common_world: World):
    world = common_world
    number = world.declare('me "tidied away" sev2')
    world.settle()
    world.box.slack.archive(world.channel(number).id)
    world.slash(f'inc-{number} update "we found it"')
    world.settle()
    for _ in range(2):
        world.box.clock.jump(timedelta(minutes=30))
        world.settle()

    about = [it for it in dms(world, "ana") if f"INC-{number}*" in it]
    elsewhere = [it.partition(ELSEWHERE)[2] for it in about if ELSEWHERE in it]
    assert elsewhere
    assert all(words.strip() for words in elsewhere)
    assert len([it for it in elsewhere if "we found it" in it and "Opened by" not in it]) == 1
    assert len([it for it in about if "archived it. Until this is fixed" in it]) == 1


def test_a_deleted_channel_is_replaced_with_all_that_belongs_there(common_world: World):
    world, slack = common_world, common_world.box.slack
    number = world.declare('me "deleted" sev2')
    world.settle()
    slack.delete_channel(world.channel(number).id)
    world.settle()

    world.slash(f"inc-{number} channel new")
    world.settle()

    channel = world.channel(number)
    assert "ana" in slack.members(channel.id)
    assert world.marks(channel.id)[f"card:{number}"] == 1
    assert f"INC-{number}" in slack.topic(channel.id)
    assert channel.name in slack.text_of(world.marked("incidents", f"announcement:{number}"))
    assert any(f"*INC-{number}* goes on in" in it for it in dms(world, "ana"))


def test_an_unarchived_channel_shows_what_it_missed(common_world: World):
    world = common_world
    number = world.declare('me "opened again" sev2')
    world.settle()
    channel = world.channel(number).id
    world.box.slack.archive(channel)
    world.slash(f'inc-{number} update "half of it is back"')
    world.settle()

    world.box.slack.unarchive(channel)
    world.settle()

    assert any(
        "While Spy could not post in the channel" in it and "half of it is back" in it
        for it in world.texts(channel)
    )
    assert any(
        "half of it is back" in world.box.slack.text_of(it)
        for it in [world.marked(channel, f"card:{number}")]
    )
