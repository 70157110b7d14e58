/** The state diagram as a picture: every transition of the machine is in it, no words stand on others, ways are told right. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutStates, type Rectangle, type StateLayout } from '../../src/diagram/states/layout.ts'
import { pillAt, stateDiagram } from '../../src/diagram/states/state-svg.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import type { StatePath, StateStep } from '../../src/trace/state-path.ts'

function overlaps(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

interface Named extends Rectangle {
  readonly name: string
}

/** All that must not stand on each other. */
function boxesOf({ states, arrows, badges, headings, table }: StateLayout): Named[] {
  return [
    ...states.map((box) => ({ ...box, name: box.state })),
    ...[...arrows.flatMap(({ words }) => words), ...headings, ...table.flatMap(({ words }) => words)].map(
      ({ box, text }) => ({ ...box, name: text }),
    ),
    ...arrows
      .filter(({ isExit }) => isExit)
      .map(({ from, points }) => ({ ...pillAt(points.at(-2)!, points.at(-1)!), name: `CLOSED of ${from}` })),
    ...badges.map(({ box, text, side }) => ({ ...box, name: `badge ${text} of side ${side}` })),
  ]
}

function assertApart(layout: StateLayout, what: string): void {
  const boxes = boxesOf(layout)
  for (const [k, one] of boxes.entries()) {
    const { x, y, width, height } = one
    assert.ok(
      x >= 0 && x + width <= layout.width && y >= 0 && y + height <= layout.height,
      `${what}: ${one.name} is outside`,
    )
    for (const other of boxes.slice(k + 1))
      assert.ok(!overlaps(one, other), `${what}: "${one.name}" stands on "${other.name}"`)
  }
}

/** A stretch of an arrow as a thin box. */
function stretches(layout: StateLayout): { name: string; box: Rectangle }[] {
  return layout.arrows.flatMap(({ from, to, points }) =>
    points.slice(1).map(([x, y], k) => {
      const [beforeX, beforeY] = points[k]!
      const box = {
        x: Math.min(x, beforeX),
        y: Math.min(y, beforeY),
        width: Math.abs(x - beforeX),
        height: Math.abs(y - beforeY),
      }
      return { name: `${from} to ${to}`, box }
    }),
  )
}

/** A path that goes along every arrow again and again, as far as the layout is concerned. */
function everywhere(host: string): StatePath {
  const steps: StateStep[] = []
  for (let round = 0; round < 4; round++)
    for (const { from, to, cause } of TRANSITIONS) {
      steps.push({ at: round * 1e9, state: from, cause: '' }, { at: round * 1e9 + 123_456, state: to, cause })
    }
  return { host, connection: 1, steps }
}

test('every transition of the machine belongs to one arrow, and its event and action stand beside it', () => {
  const { arrows } = layoutStates(TRANSITIONS)
  const drawn = arrows.flatMap(({ transitions }) => transitions)
  assert.equal(drawn.length, TRANSITIONS.length)
  assert.deepEqual(new Set(drawn), new Set(TRANSITIONS))
  for (const { words, transitions, isExit } of arrows) {
    const said = words.map(({ text }) => text).join(' ')
    for (const { event, action } of transitions) {
      assert.ok(said.includes(event), `${event} in ${said}`)
      const done = isExit ? action.replace(/, delete TCB$/, '') : action
      assert.ok(said.includes(done), `${done} in ${said}`)
    }
  }
})

test('no words, boxes or numbers stand on each other, nor on an arrow, whatever the paths', () => {
  const plain = layoutStates(TRANSITIONS)
  assertApart(plain, 'without paths')
  const words = plain.arrows.flatMap((arrow) => arrow.words)
  for (const { name, box } of stretches(plain))
    for (const { text, box: place } of words)
      assert.ok(!overlaps(box, place), `the arrow ${name} goes through "${text}"`)
  const paths = [everywhere('client'), everywhere('server')]
  const { badges, ...full } = layoutStates(TRANSITIONS, { paths })
  assertApart({ ...full, badges }, 'with both paths everywhere')
  assert.equal(badges.length, 2 * plain.arrows.length)
})

test('the arrows begin and end at the boxes of their states', () => {
  const { states, arrows } = layoutStates(TRANSITIONS)
  const touches = (state: string, [x, y]: readonly [number, number]): boolean =>
    states.some(
      (box) => box.state === state && overlaps(box, { x: x - 0.5, y: y - 0.5, width: 1, height: 1 }),
    )
  for (const { from, to, points, isExit } of arrows) {
    assert.ok(touches(from, points[0]!), `${from} to ${to} begins beside it`)
    if (!isExit) assert.ok(touches(to, points.at(-1)!), `${from} to ${to} ends beside it`)
  }
})

test('the ways of every scenario are numbered in order, each step in the table with its time', () => {
  for (const scenario of SCENARIOS) {
    const { paths } = runScenario(scenario)
    const shown = paths.slice(0, 2)
    const layout = layoutStates(TRANSITIONS, { paths: shown })
    assertApart(layout, scenario.name)
    for (const [side, { steps }] of shown.entries()) {
      const rows = layout.table.filter((row) => row.side === side)
      assert.deepEqual(
        rows.map(({ step }) => step),
        [...steps.keys()],
        scenario.name,
      )
      const numbers = layout.badges
        .filter((badge) => badge.side === side)
        .flatMap(({ text }) => text.split(' '))
      if (!numbers.includes('…'))
        assert.deepEqual(
          numbers.map(Number).sort((a, b) => a - b),
          [...steps.keys()].slice(1),
          scenario.name,
        )
      assert.ok(layout.told[side]!.includes(steps.map(({ state }) => state).join(', ')))
    }
  }
})

test('a step that the diagram does not have is told in the table and nowhere else', () => {
  const path: StatePath = {
    host: 'client',
    connection: 1,
    steps: [
      { at: 0, state: 'CLOSED', cause: '' },
      { at: 5, state: 'ESTABLISHED', cause: 'seen' },
      { at: 9, state: 'CLOSE-WAIT', cause: 'fin' },
    ],
  }
  const { badges, table } = layoutStates(TRANSITIONS, { paths: [path] })
  assert.deepEqual(
    badges.map(({ text }) => text),
    ['2'],
  )
  assert.match(table[1]!.words.map(({ text }) => text).join(' '), /not in the diagram/)
})

test('the picture says in words what it shows, and names of others stay words', () => {
  const { paths } = runScenario(SCENARIOS.find(({ name }) => name === 'normal-close')!)
  const [client, server] = paths
  const svg = stateDiagram(TRANSITIONS, { paths: [{ ...client!, host: '<b>"&' }, server!], title: 'A & B' })
  assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="title description"/)
  assert.match(svg, /<title id="title">A &amp; B<\/title>/)
  assert.match(
    svg,
    /<desc id="description">[^<]*server: CLOSED, LISTEN, SYN-RECEIVED, ESTABLISHED, CLOSE-WAIT, LAST-ACK, CLOSED/,
  )
  assert.match(svg, /<title>CLOSED to LISTEN: passive OPEN \/ create TCB<\/title>/)
  assert.doesNotMatch(svg, /<b>/)
})
