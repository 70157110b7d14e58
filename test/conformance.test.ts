/** docs/requirements.json against the text of RFC 9293, and scripts/conformance.mjs against small samples. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Requirement {
  id: string
  level: string
  section: string
  text: string
  also?: string[]
  labelInAppendixOnly?: boolean
  note?: string
}

const root = new URL('../../', import.meta.url)
const script = fileURLToPath(new URL('scripts/conformance.mjs', root))
const { requirements }: { requirements: Requirement[] } = JSON.parse(
  readFileSync(new URL('docs/requirements.json', root), 'utf8'),
)
const rfcFile = new URL('../shared/rfc/rfc9293.txt', root)
const rfc = existsSync(rfcFile) ? readFileSync(rfcFile, 'utf8') : null
const skip = rfc === null ? 'no ../shared/rfc/rfc9293.txt here' : false

const { evaluate, problems, render } = await import(new URL('scripts/conformance.mjs', root).href)
const { citationsIn, commentsOf, labelsIn, registerOf, scriptOf, testsOf } = await import(
  new URL('scripts/conformance-read.mjs', root).href
)

/** Sections in which each label stands; labels that a line break parts are joined. 'B' is Appendix B. */
function sectionsByLabel(text: string): Map<string, Set<string>> {
  const sections = new Map<string, Set<string>>()
  let section = ''
  for (const line of text.replace(/\b(MUST|SHLD|MAY|REC)-\n\s*/g, '$1-').split('\n')) {
    section = line.match(/^(?:Appendix )?([A-Z]|\d+(?:\.\d+)*|[A-Z](?:\.\d+)+)\.\s{1,2}\S/)?.[1] ?? section
    for (const [label] of line.matchAll(/\b(?:MUST|SHLD|MAY|REC)-\d+/g)) {
      sections.set(label, (sections.get(label) ?? new Set()).add(section))
    }
  }
  return sections
}

/** The columns of Appendix B that are marked for each label. */
function levelsByLabel(text: string): Map<string, Set<string>> {
  const columns = ['MUST', 'SHOULD', 'MAY', 'SHOULD NOT', 'MUST NOT']
  const levels = new Map<string, Set<string>>()
  for (const line of text.slice(text.lastIndexOf('\nAppendix B.')).split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim())
    if (!/^(MUST|SHLD|MAY|REC)-\d+$/.test(cells[2] ?? '')) continue
    const level = columns[cells.slice(3).indexOf('X')]
    assert.ok(level !== undefined, line)
    levels.set(cells[2]!, (levels.get(cells[2]!) ?? new Set()).add(level))
  }
  return levels
}

describe('docs/requirements.json', () => {
  test('RFC 9293: every requirement label is in the data, and none besides', { skip }, () => {
    const labels = [...sectionsByLabel(rfc!).keys()].sort()
    assert.deepEqual(requirements.map(({ id }) => id).sort(), labels)
    assert.equal(labels.length, 119)
  })

  test('RFC 9293: every label stands in the section that the data say', { skip }, () => {
    const sections = sectionsByLabel(rfc!)
    for (const { id, section, also, labelInAppendixOnly } of requirements) {
      const said = labelInAppendixOnly ? [] : [section, ...(also ?? [])]
      const found = [...sections.get(id)!].filter((one) => one !== 'B')
      assert.deepEqual(found.sort(), said.sort(), id)
      assert.ok(sections.get(id)!.has('B'), `${id} is not in Appendix B`)
    }
  })

  test('RFC 9293 B: every level is that of Appendix B; where it is not that of the label a note says so', {
    skip,
  }, () => {
    const levels = levelsByLabel(rfc!)
    const own: Record<string, string> = { MUST: 'MUST', SHLD: 'SHOULD', MAY: 'MAY', REC: 'SHOULD' }
    for (const { id, level, note } of requirements) {
      assert.ok(levels.get(id)!.has(level), `${id}: ${level}, but ${[...levels.get(id)!]}`)
      if (levels.get(id)!.size > 1 || !level.startsWith(own[id.split('-')[0]!]!)) assert.ok(note, id)
    }
  })

  test('the requirements are sentences in the order of the sections, each label once', () => {
    assert.equal(new Set(requirements.map(({ id }) => id)).size, requirements.length)
    for (const { id, text } of requirements) assert.match(text, /^[A-Z].*\.$/, id)
    const sections = [...new Set(requirements.map(({ section }) => section))]
    assert.deepEqual(
      sections,
      [...sections].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
    )
    const changes = requirements.filter(({ section }, i) => section !== requirements[i - 1]?.section)
    assert.equal(changes.length, sections.length)
  })
})

describe('scripts/conformance.mjs', () => {
  test('labels are found one by one, in lists and in ranges', () => {
    assert.deepEqual(labelsIn('MUST-35, MUST-36: and SHLD-9..11'), [
      'MUST-35',
      'MUST-36',
      'SHLD-9',
      'SHLD-10',
      'SHLD-11',
    ])
    assert.deepEqual(labelsIn('MUSTARD-1, MUST, MAY-x'), [])
  })

  test('citations are found with their sections, and numbers that are none are not', () => {
    const found = (text: string) =>
      citationsIn(text).map(({ rfc, section }: { rfc: string; section: string }) => `${rfc} ${section}`)
    assert.deepEqual(found('(RFC 6298 2.2, 2.3) and RFC 5961 7: 5 s'), ['6298 2.2', '6298 2.3', '5961 7'])
    assert.deepEqual(found('RFC 7323, RFC 1337.'), ['7323 ', '1337 '])
    assert.deepEqual(found('RFC 9293 3.8.6.2.1: RFC 5681 4.2.'), ['9293 3.8.6.2.1', '5681 4.2'])
    assert.deepEqual(found('RFC 9293 A.1 and RFC 6298 100 times'), ['9293 A.1', '6298 '])
  })

  test('a comment belongs to the declaration that it stands in, above, or behind; strings are no comments', () => {
    const source = [
      '/** The file. MUST-1 */',
      '',
      "import { a } from './a.ts'",
      '',
      '/** Above. MUST-2 */',
      'export function f(): string {',
      "  const url = 'MUST-3 // MUST-4'",
      '  return `\\x60` // Inside. MUST-5',
      '}',
      'const x = 1 // Behind. MUST-6',
      'interface I {',
      '  /** A field. MUST-7 */',
      '  y: number',
      '}',
      'class C {',
      '  #m(): void {',
      '    // In a method. MUST-8',
      '  }',
      '}',
    ]
    const found = commentsOf('src/a.ts', source.join('\n')).map(
      ({ owner, text }: { owner: string; text: string }) => `${owner}: ${text}`,
    )
    assert.deepEqual(found, [
      ': The file. MUST-1',
      'f: Above. MUST-2',
      'f: Inside. MUST-5',
      'x: Behind. MUST-6',
      'I.y: A field. MUST-7',
      'C.#m: In a method. MUST-8',
    ])
  })

  test('titles are those of tests and groups; what is always skipped is marked', () => {
    const source = [
      "test('MUST-1: a', () => {})",
      "describe('MUST-2', () => { it('MUST-3: ' + x + ' b', () => {}) })",
      "test('MUST-4: ' + 'c', { skip: 'not here' }, () => {})",
      "test.skip('MUST-5', () => {})",
      "test('MUST-6', { skip: reason }, () => {})",
      "await t.test('MUST-7', () => {})",
      "other('MUST-8'); // test('MUST-9')",
    ]
    const found = testsOf('test/a.test.ts', source.join('\n')).map(
      ({ title, skipped }: { title: string; skipped: boolean }) => (skipped ? `skipped ${title}` : title),
    )
    assert.deepEqual(found, [
      'MUST-1: a',
      'MUST-2',
      'MUST-3: … b',
      'skipped MUST-4: c',
      'skipped MUST-5',
      'MUST-6',
      'MUST-7',
    ])
  })

  test('the title of a packetdrill script is what its comments say', () => {
    const [{ title }] = scriptOf(
      'test/drill/a.pkt',
      '// MUST-1: a\n\n0 socket(...) = 3\n+0 > S 0:0(0) // b\n',
    )
    assert.equal(title, 'MUST-1: a b')
  })

  test('the register is read by its headings', () => {
    const rows = registerOf(
      [
        '## Deviations',
        '| Requirement | What | Why | Test |',
        '|---|---|---|---|',
        '| MUST-1, RFC 6298 2.4 | a \\| b | c | pending `MUST-1: d \\| e` |',
        '## Allowed and not done',
        '| MAY-1 | f | g |',
        '## Something else',
        '| MUST-2 | h | i |',
      ].join('\n'),
    )
    assert.equal(rows.length, 2)
    assert.deepEqual([rows[0].kind, rows[0].labels, rows[0].what], ['deviation', ['MUST-1'], 'a | b'])
    assert.deepEqual([rows[0].test, rows[0].isPending], ['MUST-1: d | e', true])
    assert.deepEqual([rows[1].kind, rows[1].labels], ['not implemented', ['MAY-1']])
  })
})

describe('the judgement of scripts/conformance.mjs', () => {
  const requirement = (id: string) => ({ id, level: 'MUST', section: '3.1', text: 'A sentence.' })
  const comment = (text: string) => ({ file: 'src/a.ts', owner: 'f', text })
  const title = (text: string) => ({ file: 'test/a.test.ts', title: text, skipped: false })
  const register = (row: string, heading = 'Deviations') => registerOf(`## ${heading}\n${row}`)
  const judge = (id: string, given: object) =>
    evaluate({ requirements: [requirement(id)], code: [], tests: [], register: [], ...given })

  const cases: [what: string, id: string, given: object, verdict: string, problems: number][] = [
    ['code and test: done', 'MUST-1', { code: [comment('MUST-1')], tests: [title('MUST-1')] }, 'done', 0],
    ['code alone', 'MUST-1', { code: [comment('MUST-1')] }, 'no test', 1],
    ['a test alone', 'MUST-1', { tests: [title('MUST-1')] }, 'no code', 1],
    ['neither', 'SHLD-1', {}, 'not covered', 1],
    ['a longer label is another one', 'MUST-1', { code: [comment('MUST-10')] }, 'not covered', 2],
    [
      'a skipped test does not count',
      'MUST-1',
      { code: [comment('MUST-1')], tests: [{ ...title('MUST-1'), skipped: true }] },
      'no test',
      1,
    ],
    ['a MAY needs no test', 'MAY-1', { code: [comment('MAY-1')] }, 'implemented', 0],
    ['a MAY left out without a word', 'MAY-1', {}, 'not covered', 1],
    [
      'a MAY left out on purpose',
      'MAY-1',
      { register: register('| MAY-1 | a | b |', 'Allowed and not done') },
      'not implemented',
      0,
    ],
    [
      'a deviation with its test',
      'MUST-1',
      { register: register('| MUST-1 | a | b | `c` |'), tests: [title('c')] },
      'deviation',
      0,
    ],
    [
      'a deviation whose test has another title',
      'MUST-1',
      { register: register('| MUST-1 | a | b | `c` |'), tests: [title('c too')] },
      'deviation',
      1,
    ],
    ['a deviation without a test', 'MUST-1', { register: register('| MUST-1 | a | b | |') }, 'deviation', 1],
    [
      'a pending test is a failure before it exists',
      'MUST-1',
      { register: register('| MUST-1 | a | b | pending `c` |') },
      'deviation',
      1,
    ],
    [
      'a pending test is a failure once it exists',
      'MUST-1',
      { register: register('| MUST-1 | a | b | pending `c` |'), tests: [title('c')] },
      'deviation',
      1,
    ],
  ]
  for (const [what, id, given, verdict, count] of cases) {
    test(`${what}`, () => {
      const model = judge(id, given)
      assert.equal(model.rows[0].verdict, verdict)
      assert.equal(problems(model).length, count, problems(model).join('\n'))
      assert.match(render(model), new RegExp(`\\| ${id} \\| MUST \\|.*${verdict}`))
    })
  }

  test('the table by document holds code, tests and register', () => {
    const model = judge('MUST-1', {
      code: [comment('RFC 6298 2.2, 2.3')],
      tests: [title('RFC 6298 2.2: x')],
      register: register('| RFC 6298 2.4 | a | b | `c` |'),
    })
    const { rows } = model.documents.find((one: { rfc: string }) => one.rfc === '6298')
    const shown = rows.map((row: Record<'section' | 'code' | 'tests' | 'register', string>) => [
      row.section,
      row.code.length,
      row.tests.length,
      row.register.length,
    ])
    assert.deepEqual(shown, [
      ['2.2', 1, 1, 0],
      ['2.3', 1, 0, 0],
      ['2.4', 0, 0, 1],
    ])
  })
})

test('every MUST and SHLD has code and a test or stands in docs/deviations.md, and docs/conformance.md is fresh', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
})
