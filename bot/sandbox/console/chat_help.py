"""What `help` prints in the terminal chat."""

HELP = """\
Type what a person types. It is posted in the channel of the prompt.
  /incident me "checkout is down" sev1     a slash command
  @spy tldr                                a message; so is any other text
  reply: on it                             in the thread of the last message
  press "Take command"                     a button, by its label
  react memo · unreact memo · shortcut "Declare from this"     on the last message, or add "words in it"
  edit "new text"                          your own last message
  fill message="All calm"                  fields of an open form, by label; then submit or cancel
  join #payments
Change person or place:
  @raj · as raj                            another person: ana, raj, kim or zoe (a guest)
  #payments · in #inc-1-*                  another channel; * matches the rest of its name
  @spy · dm> help · kim dm> help           a direct message to the bot
  phone raj                                a phone: ack, resolve, escalate, ignore; ack "words in it"
  ana #general> text                       all in one line, as in a transcript
Move the clocks of box and bot:
  +15m · play x60                          fast, in order; one hour a minute, until play x1
  jump +3h · jump to wed 23:00             at once (UTC); or the next 23:00: jump to 23:00
Put people on call for twelve hours: on call imoc: raj, then ana. Ring them: alert imoc: the queue is full
Two sites: traffic; traffic to east. Break one: site west failing (or no response, healthy, lag 30s).
Check: expect "words" within 5s in #inc-1-* (or to raj, on raj's phone, on the switch); expect not "words".
End: quit, or Ctrl-D."""
