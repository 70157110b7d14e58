/** Mermaid and PlantUML: what is in them, what is not, and that words of others stay words. Their own tools: test/browser. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mermaid } from '../../src/diagram/script/mermaid.ts'
import { plantuml } from '../../src/diagram/script/plantuml.ts'
import { scriptOf } from '../../src/diagram/script/steps.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { eventsOf, HOSTILE, hostile, hostileOptions } from './scripted.ts'

test('calls, segments, states, headings, pauses, and sockets that come and go', () => {
  const text = plantuml(eventsOf('classic'), { title: 'Classic', addresses: { client: '192.0.2.1' } })
  const lines = text.split('\n')
  const order = [
    '@startuml',
    'title Classic\\nTwo arrows with one number are one message that others crossed: it leaves dashed and arrives solid.',
    'box "client 192.0.2.1 port 52044" #f3f5f8',
    '== 1. Socket creation: the server waits for clients ==',
    'create tcp2',
    'hnote over tcp2 : LISTEN',
    'create tcp1',
    'hnote over tcp1 : SYN-SENT',
    'hnote over tcp1 : ESTABLISHED',
    '...59.98 s later...',
    'hnote over tcp1 : CLOSED',
    'destroy tcp1',
    '@enduml',
  ]
  let at = -1
  for (const wanted of order) {
    const found = lines.indexOf(wanted, at + 1)
    assert.ok(found > at, `${wanted} behind line ${at}:\n${text}`)
    at = found
  }
  assert.match(
    text,
    /^tcp1 -\[#\w+\]>\(20\) tcp2 : SYN seq 0 win 5000 <U\+003C>mss 512<U\+003E>\\nat 0\.010 s, 20 ms on the way/m,
  )
  assert.match(text, /^app1 -\[#\w+\]> tcp1 : connect\(\)$/m)
})

test('a state that is entered with a segment stands before it, CLOSED behind the reset', () => {
  const stepsOf = (name: string) =>
    plantuml(eventsOf(name))
      .split('\n')
      .filter((line) => /^(hnote|tcp\d -)/.test(line))
      .map((line) =>
        line.replace(/^hnote over (\w+) : (.*)$/, '$1 $2').replace(/^(tcp\d) .* : (\S+) .*$/, '$1 $2'),
      )
  const order = (name: string, ...wanted: string[]): void => {
    const steps = stepsOf(name)
    const places = wanted.map((step) => steps.indexOf(step))
    assert.ok(
      places.every((place, k) => place > (places[k - 1] ?? -1)),
      `${wanted} in ${steps}`,
    )
  }
  order('rfc-close', 'tcp1 FIN-WAIT-1', 'tcp1 FIN,ACK', 'tcp2 CLOSE-WAIT', 'tcp2 LAST-ACK', 'tcp2 CLOSED')
  order(
    'three-way-handshake',
    'tcp1 SYN-SENT',
    'tcp1 SYN',
    'tcp2 SYN-RECEIVED',
    'tcp2 SYN,ACK',
    'tcp1 ESTABLISHED',
    'tcp1 ACK',
  )
  order('reset', 'tcp2 RST', 'tcp2 CLOSED', 'tcp1 CLOSED')
})

test('the same in Mermaid, in the boxes of the hosts', () => {
  const text = mermaid(eventsOf('classic'), { title: 'Classic', addresses: { client: '192.0.2.1' } })
  assert.match(text, /^---\ntitle: "Classic"\n---\nsequenceDiagram\n/)
  assert.match(
    text,
    /^ {2}box rgba\(\S+\) client 192\.0\.2\.1 port 52044\n {4}participant app1 as application\n {4}participant tcp1 as socket\n {2}end$/m,
  )
  assert.match(
    text,
    /^ {2}tcp1->>tcp2: SYN seq 0 win 5000 #60;mss 512#62;<br\/>at 0\.010 s, 20 ms on the way#59; syn: active OPEN/m,
  )
  assert.match(text, /^ {2}Note over tcp1: ESTABLISHED$/m)
  assert.match(text, /^ {2}Note over tcp1,tcp2: … 59\.98 s later …$/m)
  assert.match(text, /^ {2}destroy tcp1\n {2}tcp1-->>app1: closed<br\/>both sides closed/m)
})

test('what is lost, dropped, or crossed by others is drawn so', () => {
  const lost = eventsOf('retransmission')
  assert.match(mermaid(lost), /^ {2}tcp1-xtcp2: PSH,ACK .*<br\/>× lost$/m)
  assert.match(plantuml(lost), /^tcp1 -\[#\w+\]>x tcp2 : PSH,ACK .*\\n× lost$/m)
  const crossing = eventsOf('simultaneous-open')
  assert.match(mermaid(crossing), /^ {2}tcp1--\)tcp2: \(1\) SYN seq/m)
  assert.match(mermaid(crossing), /^ {2}tcp1->>tcp2: \(1\) SYN seq \d+ arrives/m)
  assert.match(plantuml(crossing), /^tcp1 --\[#\w+\]>o tcp2 : \(1\) SYN seq/m)
  assert.match(mermaid(eventsOf('corruption')), /-xtcp\d: .*dropped: wrong/)
})

test('the reset of a host without a connection is one arrow from there to here', () => {
  const text = mermaid(eventsOf('connection-refused'))
  assert.match(text, /tcp2->>tcp1: RST,ACK seq 0 ack 101 win 0<br\/>at 30 ms, 20 ms on the way/)
  assert.doesNotMatch(text, /no trace|not recorded/)
})

test('no line of Mermaid is longer than the space between two lifelines', () => {
  for (const line of mermaid(eventsOf('fast-retransmit')).split('\n')) {
    const [, label = ''] = /^ {2}tcp\d-\S*tcp\d: (.*)$/.exec(line) ?? []
    for (const part of label.split('<br/>')) assert.ok(part.replace(/#\d+;/g, '.').length <= 60, part)
  }
})

test('every segment of every scenario stands in the script, and every state', () => {
  for (const scenario of SCENARIOS) {
    const events = eventsOf(scenario.name)
    const { steps } = scriptOf(events, { unfolded: 'all' })
    const arrows = steps.filter(
      (step) => step.kind === 'arrow' && step.from.startsWith('tcp') && step.to.startsWith('tcp'),
    )
    const text = mermaid(events, { unfolded: 'all' })
    assert.ok(arrows.length > 0 || !events.some(({ kind }) => kind === 'sent'), scenario.name)
    for (const step of steps)
      if (step.kind === 'state') assert.ok(text.includes(`Note over ${step.at}: ${step.state}\n`))
    assert.equal(text.split('\n').filter((line) => /^ {2}tcp\d-\S*tcp\d: /.test(line)).length, arrows.length)
  }
})

test('a long transfer is folded so that Mermaid bears it; --unfold is for who wants all of it', () => {
  const events = eventsOf('data-transfer', { bytes: 2_000_000, impairments: { loss: 0.02 } })
  const text = mermaid(events)
  assert.ok(text.length <= 50_000, `${text.length}`)
  assert.match(text, /Note over tcp1,tcp2: … \d+ segments/)
  assert.ok(mermaid(events, { unfolded: 'all' }).length > 200_000)
  assert.ok(plantuml(events).split('\n').length < 1000)
})

test('words of others cannot become grammar', () => {
  for (const words of HOSTILE) {
    const options = hostileOptions(words)
    const statement =
      /^( {2}(Note over [\w,]+: |tcp\d-[-x>)]+tcp\d: |(tcp|app)\d-?->>(tcp|app)\d: |box rgba\S+ |end$|destroy |accTitle: |accDescr: )| {4}participant |$)/
    for (const line of mermaid(hostile(words), options).split('\n').slice(4)) {
      assert.match(line, statement)
      const said = line.replace(statement, '').replaceAll(/#\d+;|<br\/>/g, '')
      assert.doesNotMatch(said, /[#;<>"%{}\\`@&]/, line)
    }
    const command =
      /^(title |box "|participant |end box$|== |(note|hnote) over [\w, ]+(#\w+ )?: |(app|tcp)\d -[^ ]+ (app|tcp)\d : |create |destroy |\.\.\.)/
    for (const line of plantuml(hostile(words), options).split('\n').slice(5, -2)) {
      assert.match(line, command)
      const said = line.replace(command, '').replaceAll(/<U\+[0-9A-F]{4,6}>|\\n|" #\w+$| ==$/g, '')
      assert.doesNotMatch(said, /["\\<>%$~*/_[\]|{}!'=@&]|--/, line)
    }
  }
})

test('where there is nothing to draw, the script says so', () => {
  assert.match(mermaid([]), /Note over nothing: Nothing to draw/)
  assert.match(plantuml([]), /title Nothing to draw.*\nparticipant nothing\n@enduml/)
})
