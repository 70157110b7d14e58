/**
 * Reads the RFC's header diagrams out of a source file's opening comment: the comment is the specification that the
 * constants are held against.
 */

import { readFileSync } from 'node:fs'

export interface DiagramField {
  readonly name: string
  /** Bits from the start of the header. */
  readonly bit: number
  readonly bits: number
}

/** A rule between rows: '+-+-+ ... +', 32 columns. */
const RULE = /^\+(-\+){32}$/

/** The diagrams of src/wire/FILE in order. */
export function diagramsOf(file: string): DiagramField[][] {
  const source = readFileSync(new URL(`../../../src/wire/${file}`, import.meta.url), 'utf8')
  const comment = source.slice(0, source.indexOf('*/'))
  const lines = comment.split('\n').map((line) => line.replace(/^ \* {0,4}/, '').trim())
  const diagrams: DiagramField[][] = []
  let rows: string[] = []
  let fields: DiagramField[] = []
  let bit = 0
  let inside = false
  for (const line of lines) {
    if (RULE.test(line)) {
      if (inside && rows.length > 0) {
        fields.push(...fieldsOf(rows, bit))
        bit += 32 * wordsOf(rows)
      }
      rows = []
      inside = true
    } else if (inside && /^[|+].*[|+]$/.test(line)) {
      if (line.length !== 65) throw new Error(`${file}: a row of ${line.length} columns: ${line}`)
      rows.push(line)
    } else if (inside) {
      diagrams.push(fields)
      fields = []
      bit = 0
      inside = false
    }
  }
  if (inside) diagrams.push(fields)
  return diagrams
}

/** A field of several words has lines '+   +' between its lines. */
function wordsOf(rows: string[]): number {
  return 1 + rows.filter((row) => row.startsWith('+')).length
}

function fieldsOf(rows: string[], bit: number): DiagramField[] {
  const words = wordsOf(rows)
  if (words > 1) {
    const name = rows
      .map((row) => row.slice(1, -1).trim())
      .join(' ')
      .trim()
    return [{ name, bit, bits: 32 * words }]
  }
  const fields: DiagramField[] = []
  const first = rows[0]!
  let left = 0
  for (let column = 2; column <= 64; column += 2) {
    if (first[column] !== '|') continue
    const bits = (column - left) / 2
    const parts = rows.map((row) => row.slice(left + 1, column).trim()).filter((part) => part !== '')
    fields.push({ name: parts.join(bits === 1 ? '' : ' '), bit: bit + left / 2, bits })
    left = column
  }
  return fields
}

/** One field of a diagram by its name. */
export function fieldNamed(diagram: DiagramField[], name: string): DiagramField {
  const field = diagram.find((candidate) => candidate.name === name)
  if (field === undefined)
    throw new Error(`no field '${name}' among ${diagram.map((f) => f.name).join(', ')}`)
  return field
}
