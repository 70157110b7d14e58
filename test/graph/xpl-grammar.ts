/**
 * xplot's language, read as strictly as it can be: what its sources and its demo.0 name, every coordinate a number, every
 * text on a line of its own, and an end.
 */

import assert from 'node:assert/strict'

export interface Primitive {
  readonly command: string
  /** As written: x y, or x1 y1 x2 y2. */
  readonly at: readonly string[]
  readonly colour: string
  readonly words: string
}

export interface Plot {
  readonly coordinates: readonly [string, string]
  readonly title: string
  readonly primitives: readonly Primitive[]
}

const COORDINATES = new Set(['double', 'signed', 'unsigned', 'timeval', 'dtime'])
const COLOURS = new Set('white green red blue yellow purple orange magenta pink'.split(' '))
const POINTS = new Set(
  'x dot . plus + box diamond utick dtick ltick rtick htick vtick uarrow darrow larrow rarrow invisible'.split(
    ' ',
  ),
)
const TEXTS = new Set(['atext', 'btext', 'ctext', 'ltext', 'rtext'])
const LINES = new Set(['line', 'dline'])
const LABELS = new Set(['title', 'xlabel', 'ylabel', 'xunits', 'yunits'])

export function parsePlot(text: string): Plot {
  assert.ok(text.endsWith('\n'), 'a plot ends with a newline')
  const lines = text.slice(0, -1).split('\n')
  const coordinates = lines[0]!.split(' ')
  assert.equal(coordinates.length, 2)
  for (const kind of coordinates) assert.ok(COORDINATES.has(kind), `line 1: ${kind}`)
  const primitives: Primitive[] = []
  let title = ''
  let colour = 'white'
  let k = 1
  for (; k < lines.length && lines[k] !== 'go'; k++) {
    const line = lines[k]!
    if (COLOURS.has(line)) colour = line
    else if (LABELS.has(line)) {
      const words = lines[++k]
      assert.ok(words !== undefined && words !== '', `line ${k}: ${line} without words`)
      if (line === 'title') title = words
    } else {
      const primitive = parsePrimitive(line, colour, k)
      const words = TEXTS.has(primitive.command) ? lines[++k] : ''
      assert.ok(words !== undefined, `line ${k}: text without words`)
      primitives.push({ ...primitive, words })
    }
  }
  assert.deepEqual(lines.slice(k), ['go'])
  return { coordinates: [coordinates[0]!, coordinates[1]!], title, primitives }
}

function parsePrimitive(line: string, colour: string, k: number): Omit<Primitive, 'words'> {
  const [command, ...rest] = line.split(' ') as [string, ...string[]]
  const count = LINES.has(command) ? 4 : POINTS.has(command) || TEXTS.has(command) ? 2 : 0
  assert.ok(count > 0, `line ${k + 1}: no primitive: ${line}`)
  const at = rest.slice(0, count)
  assert.equal(at.length, count, `line ${k + 1}: ${line}`)
  for (const [index, value] of at.entries()) {
    assert.match(value, index % 2 === 0 ? /^\d+\.\d{6}$/ : /^-?\d+(\.\d+)?$/, `line ${k + 1}: ${line}`)
  }
  const own = rest.slice(count)
  assert.ok(own.length === 0 || (own.length === 1 && COLOURS.has(own[0]!)), `line ${k + 1}: ${line}`)
  return { command, at, colour: own[0] ?? colour }
}
