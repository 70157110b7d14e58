/** docs/requirements.json against the text of RFC 9293, and scripts/conformance.mjs against small samples. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
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

/** One of the documents whose rules are named by section. */
interface OtherDocument {
  rfc: string
  title: string
  source: string
  sections: string[]
  requirements: { id: string; level: string; text: string; notApplicable?: string }[]
}

const root = new URL('../../', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'elko-conformance-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const json = (name: string) => JSON.parse(readFileSync(new URL(`docs/${name}`, root), 'utf8'))
const { requirements, sections }: { requirements: Requirement[]; sections: string[] } =
  json('requirements.json')
const { documents }: { documents: OtherDocument[] } = json('requirements-other.json')
const rfcFile = new URL('../shared/rfc/rfc9293.txt', root)
const rfc = existsSync(rfcFile) ? readFileSync(rfcFile, 'utf8') : null
const skip = rfc === null ? 'no ../shared/rfc/rfc9293.txt here' : false

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

test('RFC 9293: the sections are those of the text', { skip }, () => {
  const found = [...rfc!.matchAll(/^(?:Appendix )?(\d+(?:\.\d+)*|[A-Z](?:\.\d+)*)\.\s{1,2}\S/gm)].map(
    ([, id]) => id,
  )
  assert.deepEqual(sections, [...new Set(found)])
})

describe('docs/requirements-other.json', () => {
  const levels = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY', 'rule']

  test('the ten documents, each rule once, in a section that the document has, in its order', () => {
    const rfcs = documents.map(({ rfc: number }) => number)
    assert.deepEqual(
      [...rfcs].sort(),
      ['1337', '5681', '5927', '5961', '6056', '6191', '6298', '6528', '6582', '7323'].sort(),
    )
    for (const { rfc: number, sections: all, requirements: rules } of documents) {
      assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
      const places = rules.map(({ id }) => {
        const cited = citationsIn(id)
        assert.equal(cited.length, 1, id)
        assert.equal(cited[0].rfc, number, id)
        assert.equal(`RFC ${number} ${cited[0].section}${cited[0].rule && ` (${cited[0].rule})`}`, id)
        return all.indexOf(cited[0].section)
      })
      assert.ok(!places.includes(-1), number)
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
        `RFC ${number}: the order of the sections`,
      )
    }
  })

  test('every rule has a level and is a sentence; where it does not apply, a reason says why', () => {
    for (const { id, level, text, notApplicable } of documents.flatMap((one) => one.requirements)) {
      assert.ok(levels.includes(level), id)
      assert.match(text, /^\S.*\.$/, id)
      if (notApplicable !== undefined) assert.match(notApplicable, /\w+ \w+/, id)
    }
    for (const { rfc: number, title, source } of documents) assert.ok(title && source, number)
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

  test('rules stand in parentheses behind their section, one or several', () => {
    const found = (text: string) =>
      citationsIn(text).map(
        ({ rfc: number, section, rule }: Record<string, string>) => `${number} ${section} ${rule}`,
      )
    assert.deepEqual(found('RFC 5961 3.2 (1)'), ['5961 3.2 1'])
    assert.deepEqual(found('RFC 7323 2.2 (b, d), 2.3 (R1) and 5.3 (3a): x'), [
      '7323 2.2 b',
      '7323 2.2 d',
      '7323 2.3 R1',
      '7323 5.3 3a',
    ])
    assert.deepEqual(found('RFC 6298 2.3, 2.3 (a)'), ['6298 2.3 ', '6298 2.3 a'])
    assert.deepEqual(found('RFC 5681 3.2 (see there) and RFC 5681 5 (and RFC 5681 2 (b))'), [
      '5681 3.2 ',
      '5681 5 ',
      '5681 2 b',
    ])
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

  test('the title of a packetdrill script is the first sentence of its comments', () => {
    const lines = [
      '// MUST-1: the first',
      '// line. A second one.',
      '0 socket(...) = 3',
      '+0 > S 0:0(0) // b',
      '',
    ]
    const [{ title, text }] = scriptOf('test/drill/a.pkt', lines.join('\n'))
    assert.equal(title, 'MUST-1: the first line.')
    assert.equal(text, 'MUST-1: the first line. A second one. b')
  })

  test('a packetdrill script counts by labels and rules in comments of every kind, and by nothing else', () => {
    const script = [
      '#!/usr/bin/env elko drill',
      '# MUST-1: a line that begins with a hash',
      '// RFC 5961 3.2 (1, 3): a reset',
      '`./defaults.sh MUST-2`',
      ' 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
      '+0 < S 0:0(0) win 32792 <mss 1000> /* SHLD-3 and',
      '   RFC 7323 2.2 (f) */ +0 > S. 0:0(0) ack 1 <...> // SHLD-4',
      '%{ assert tcpi_state == 1, "MUST-5" }%',
    ]
    const [{ file, text, skipped }] = scriptOf('test/drill/rst.pkt', script.join('\n'))
    assert.deepEqual([file, skipped], ['test/drill/rst.pkt', false])
    assert.deepEqual(labelsIn(text), ['MUST-1', 'SHLD-3', 'SHLD-4'])
    const cited = citationsIn(text).map(({ section, rule }: Record<string, string>) => `${section} ${rule}`)
    assert.deepEqual(cited, ['3.2 1', '3.2 3', '2.2 f'])
  })

  test('a packetdrill script without a comment has its name for a title', () => {
    assert.equal(scriptOf('test/drill/a.pkt', '0 socket(...) = 3\n')[0].title, 'test/drill/a.pkt')
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

test('every requirement has code and a test or stands in docs/deviations.md; conformance.md and .json are fresh', () => {
  // By another name of the tree, under which a script that takes itself for a module that is imported would say nothing.
  const tree = join(folder, 'tree')
  symlinkSync(fileURLToPath(root), tree)
  const script = join(tree, 'scripts/conformance.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
  assert.match(stdout, /^RFC 9293: \d+ of \d+ requirements done/)
})
