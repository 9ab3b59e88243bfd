"""What people say about one incident from its beginning to its end: each command at least once.

Names in braces are the numbers of what was made last. A line may begin with who says it; otherwise Ana does. What
`tool` says is an alert, and `agent` is a machine that speaks for Ana.
"""

BEGINNING = 'incident me "checkout is down" sev1'
SAID = """
home
incident join
incident follow
kim: incident follow
incident follow by mail ceo@example.com
incident followers
incident following
incident follow services checkout
incident unfollow services checkout
incident follow severity sev1
incident unfollow severity sev1
incident take
incident status investigating
incident sev sev2
incident sev sev1
incident impact "nobody can pay"
incident cause "the new release"
incident update "rolling back"
incident report status identified next 30m "still rolling back"
incident note "cpu is at 100 %"
incident note "disk is full" at 11:50
incident note "third"
incident note "fourth"
incident link https://example.com/graph "the graph"
incident links
incident affects checkout, search
incident affects
incident unaffected search
services
incident tell :payments "checkout is down"
incident seen {team_notice}
incident role scribe @kim
incident hand @raj
kim: incident decline
raj: incident accept
raj: incident hand @ana
raj: incident take
incident take
incident snooze 10m
incident quiet 10m
incident why
page @raj "please help"
page :payments "please look"
why page {page}
pager new
pager ack {page}
pager resolve {page}
incident relieve @raj
incident fine
incident next
incident nothing changed
incident checklist
incident tldr
incident share tldr
incident who
incident timeline
incident timeline keep 3
incident timeline hide 3
incident timeline edit {note} "cpu was at 100 %"
incident timeline move {note} to 11:55
incident timeline merge "{note} {note_before}"
incident timeline from 2
incident lever missing "shed load by plan"
incident action "write a test" @kim by friday
follow-up owner {follow_up} @raj
follow-up due {follow_up} monday
follow-up category {follow_up} detection
follow-ups
follow-up done {follow_up}
follow-up reopen {follow_up}
follow-up done {follow_up}
change "checkout 1.2" on checkout
incident changes
incident suspect {change}
incident clear {change}
tool: error rate 12 %
alert same {alert}
tool: error rate 12 %
tool: checkout is down
alert declare {alert}
alert ignore {alert}
alert list
alert list checkout
alert {alert}
alert ack {alert}
lock checkout "until it is fixed"
locks
unlock checkout
failover pod 7 to east
failover
raj: failover approve {failover}
failover status {failover}
failover abort {failover}
failover rollback {failover}
failover trail {failover}
failover output {failover}
failover rehearse pod 8 to west
failover answer {failover} yes
failover abort {failover}
status
status checkout degraded "payments are slow"
status edit {status_draft}
status publish {status_draft}
status preview {status_draft}
status history
status history checkout before {publication}
status checkout ok "it works again"
status publish {status_draft}
incident similar
agent: incident list
agent: inc-{incident} incident note "seen by a machine"
proposals
proposal {proposal}
raj: proposal approve {proposal} {shown}
agent: inc-{incident} incident note "seen again"
proposal decline {proposal}
incident channel new
raj: incident me "cart hangs"
raj: incident {incident} merge {incident_before}
raj: incident {incident} unmerge
raj: incident {incident} merge {incident_before}
incident channel keep
incident unfollow by mail ceo@example.com
kim: incident unfollow
runbook nobody-answers
runbook list
levers
levers rehearsed roll-back-deploy
incident list
incident list closed
incident list all :imoc sev1 "checkout"
incident list closed page 3
oncall
oncall me
oncall phone :imoc
oncall ready
oncall test
raj: oncall cover "friday 9 to 17" @kim
oncall find {shift} today
kim: oncall cover decline {cover}
kim: oncall cover accept {cover}
raj: oncall cover withdraw {cover}
oncall load
oncall ledger
oncall ledger last month csv
oncall ledger :imoc
report :imoc last month
report share
locks
config history
web
web out
token new "deploy tool" read for 90d
token list
token revoke "deploy tool"
webhook list
webhook test portal
webhook replay portal since 11:00
help
help incident
plugins
plugins enable coffee
plugins reload
who-may "incident resolve"
ask "incident resolve"
postmortem
postmortem write summary "An hour without payments."
postmortem owner @kim
postmortem due in 5 days
incident resolve "rolled back"
incident still broken "cards fail"
incident reopen
incident cancel "a false alarm"
incident reopen
incident resolve "rolled back"
postmortem
postmortem export dry
postmortem export
postmortem check
postmortem none recovery "it went well"
postmortem close
incident was "login was down" from 10:05 to 11:40
incident backfill {incident}
"""
