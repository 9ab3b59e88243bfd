"""The emoji that the box knows by their Slack names. Others stay as typed."""

from collections.abc import Mapping

BY_NAME: Mapping[str, str] = {
    "+1": "👍", "-1": "👎", "100": "💯", "alarm_clock": "⏰", "ambulance": "🚑", "anchor": "⚓", "bangbang": "‼️",
    "bar_chart": "📊", "bell": "🔔", "blue_heart": "💙", "book": "📖", "boom": "💥", "broken_heart": "💔", "bug": "🐛",
    "bulb": "💡", "calendar": "📆", "chart_with_downwards_trend": "📉", "chart_with_upwards_trend": "📈", "clap": "👏",
    "clipboard": "📋", "coffee": "☕", "computer": "💻", "construction": "🚧", "cry": "😢", "dart": "🎯",
    "eyes": "👀", "facepalm": "🤦", "fingers_crossed": "🤞", "fire": "🔥", "fire_engine": "🚒", "ghost": "👻",
    "gift": "🎁", "green_circle": "🟢", "green_heart": "💚", "grey_question": "❔", "grinning": "😀", "hammer": "🔨",
    "hammer_and_wrench": "🛠️", "handshake": "🤝", "heart": "❤️", "heavy_check_mark": "✔️", "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳", "hugging_face": "🤗", "joy": "😂", "key": "🔑",
    "large_blue_circle": "🔵", "large_green_circle": "🟢", "large_orange_circle": "🟠", "large_red_circle": "🔴",
    "large_yellow_circle": "🟡", "laughing": "😆", "link": "🔗", "lock": "🔒", "loudspeaker": "📢", "mag": "🔍",
    "mega": "📣", "memo": "📝", "moon": "🌔", "muscle": "💪", "mute": "🔇", "no_bell": "🔕", "no_entry": "⛔",
    "ok": "🆗", "ok_hand": "👌", "package": "📦", "pager": "📟", "paperclip": "📎", "pencil": "📝", "pencil2": "✏️",
    "phone": "☎️", "point_right": "👉", "pray": "🙏", "pushpin": "📌", "question": "❓", "raised_hands": "🙌",
    "recycle": "♻️", "red_circle": "🔴", "repeat": "🔁", "rocket": "🚀", "rotating_light": "🚨", "scream": "😱",
    "seedling": "🌱", "shrug": "🤷", "simple_smile": "🙂", "sleeping": "😴", "slightly_smiling_face": "🙂",
    "smile": "😄", "smiley": "😃", "sob": "😭", "sos": "🆘", "sparkles": "✨", "speech_balloon": "💬", "stopwatch": "⏱️",
    "sunglasses": "😎", "sunrise": "🌅", "sunny": "☀️", "sweat_smile": "😅", "tada": "🎉", "telephone_receiver": "📞",
    "thinking_face": "🤔", "thread": "🧵", "thumbsdown": "👎", "thumbsup": "👍", "tired_face": "😫", "unlock": "🔓",
    "warning": "⚠️", "wastebasket": "🗑️", "wave": "👋", "white_check_mark": "✅", "wrench": "🔧", "writing_hand": "✍️",
    "x": "❌", "yellow_heart": "💛", "zap": "⚡", "zzz": "💤",
}  # fmt: skip
TONES: Mapping[str, str] = {str(tone): chr(0x1F3FB + tone - 2) for tone in range(2, 7)}
OFTEN = ("memo", "white_check_mark", "eyes", "raised_hands", "tada", "+1", "heart", "fire", "pray", "thinking_face",
         "rotating_light", "x")  # fmt: skip


def character(name: str) -> str | None:
    """Return the emoji of a name, with `::skin-tone-3` if given. None if it is unknown."""
    plain, _, tone = name.partition("::skin-tone-")
    found = BY_NAME.get(plain)
    return found + TONES.get(tone, "") if found else None
