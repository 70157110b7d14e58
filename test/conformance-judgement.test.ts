/** The judgement of scripts/conformance.mjs on small samples: what is done, what lacks something, what cites nothing. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

const root = new URL('../../', import.meta.url)
const { data, evaluate, problems, render } = await import(new URL('scripts/conformance.mjs', root).href)
const { registerOf } = await import(new URL('scripts/conformance-read.mjs', root).href)

describe('the judgement of scripts/conformance.mjs', () => {
  const requirement = (id: string) => {
    return { id, level: id.startsWith('MAY') ? 'MAY' : 'MUST', section: '3.1', text: 'A sentence.' }
  }
  const comment = (text: string) => ({ file: 'src/a.ts', owner: 'f', text })
  const title = (text: string) => ({ file: 'test/a.test.ts', title: text, text, skipped: false })
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
    [
      'something that is to come',
      'MUST-1',
      { register: register('| MUST-1 | a | b |', 'Not built yet') },
      'not built yet',
      0,
    ],
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
      assert.match(render(model), new RegExp(`\\| ${id} \\| (MUST|MAY) \\|.*${verdict}`))
    })
  }

  describe('the documents whose rules are named by section', () => {
    const other = {
      rfc: '6298',
      title: 'A title',
      words: 'none',
      source: 'a book',
      sections: ['2', '2.2', '2.3', '2.4'],
      requirements: [
        { id: 'RFC 6298 2.2', level: 'MUST', text: 'A.' },
        { id: 'RFC 6298 2.3 (a)', level: 'SHOULD', text: 'B.' },
        { id: 'RFC 6298 2.3 (b)', level: 'MAY', text: 'C.' },
        { id: 'RFC 6298 2.4', level: 'rule', text: 'D.', notApplicable: 'it is for routers' },
      ],
    }
    const judgeOther = (given: object) =>
      judge('MAY-1', { code: [comment('MAY-1')], documents: [other], ...given })
    const verdicts = (given: object) =>
      judgeOther(given).documents[0].rows.map(({ verdict }: { verdict: string }) => verdict)

    test('a rule has the verdict of what names it, and not of what names its section or another rule', () => {
      const code = [comment('MAY-1'), comment('RFC 6298 2.2, 2.3'), comment('RFC 6298 2.3 (b)')]
      const tests = [title('RFC 6298 2.2: x'), title('RFC 6298 2.3 (b): y')]
      assert.deepEqual(verdicts({ code, tests }), ['done', 'not covered', 'implemented', 'not applicable'])
      const better = { code: [...code, comment('RFC 6298 2.3 (a, b)')], tests }
      assert.deepEqual(verdicts(better), ['done', 'no test', 'implemented', 'not applicable'])
      const best = { ...better, tests: [...tests, title('RFC 6298 2.2, 2.3 (a): z')] }
      assert.deepEqual(verdicts(best), ['done', 'done', 'implemented', 'not applicable'])
      assert.equal(problems(judgeOther(best)).length, 0)
    })

    test('a row that loses its code or its test, or that nobody speaks of, is a failure', () => {
      const row = register('| RFC 6298 2.3 (a), RFC 6298 2.3 (b) | a | b | `c` |')
      const good = { code: [comment('MAY-1'), comment('RFC 6298 2.2')], register: row }
      const tests = [title('RFC 6298 2.2: x'), title('c')]
      assert.deepEqual(problems(judgeOther({ ...good, tests })), [])
      const found = problems(judgeOther({ ...good, tests: [title('c')] }))
      assert.deepEqual(found, [
        'RFC 6298 2.2 lacks a test whose title names RFC 6298 2.2; or else a row in docs/deviations.md',
      ])
      assert.equal(problems(judgeOther({ ...good, code: [comment('MAY-1')], tests })).length, 1)
      assert.equal(problems(judgeOther({ ...good, register: [], tests })).length, 2)
    })

    test('a citation of a section or a rule that does not exist is a failure, wherever it stands', () => {
      const wrong = (text: string) => judgeOther({ code: [comment('MAY-1'), comment(text)] }).unknown
      assert.deepEqual(wrong('RFC 6298 2.2, RFC 6298, RFC 1122 9.9'), [])
      assert.deepEqual(wrong('RFC 6298 2.9'), ['src/a.ts: RFC 6298 2.9 does not exist'])
      assert.deepEqual(wrong('RFC 6298 2.3 (c)'), [
        'src/a.ts: RFC 6298 2.3 (c) names no rule of docs/requirements-other.json',
      ])
      const inTest = judgeOther({ tests: [title('RFC 6298 7: x')] }).unknown
      assert.deepEqual(inTest, ['test/a.test.ts: RFC 6298 7 does not exist'])
      const of9293 = judge('MUST-1', { sections: ['3'], code: [comment('RFC 9293 3.99')] }).unknown
      assert.deepEqual(of9293, ['src/a.ts: RFC 9293 3.99 does not exist'])
    })

    test('what names a section and no rule is shown below the rules', () => {
      const model = judgeOther({ code: [comment('RFC 6298 2.3')], tests: [title('RFC 6298: a')] })
      const { general } = model.documents[0]
      assert.deepEqual(
        general.map((row: { section: string; code: object[]; tests: object[] }) => [
          row.section,
          row.code.length,
          row.tests.length,
        ]),
        [
          ['', 0, 1],
          ['2.3', 1, 0],
        ],
      )
      assert.match(render(model), /Cited as a whole:/)
    })

    test('docs/conformance.json has every document with its rows, their reasons and places', () => {
      const model = judgeOther({ tests: [title('RFC 6298 2.2: x')] })
      const { documents: all } = data(model)
      assert.deepEqual(
        all.map(({ document }: { document: string }) => document),
        ['RFC 9293', 'RFC 6298'],
      )
      const [first, , , last] = all[1].requirements
      assert.deepEqual([first.verdict, first.tests], ['no code', ['test/a.test.ts: RFC 6298 2.2: x']])
      assert.deepEqual([last.verdict, last.why], ['not applicable', 'it is for routers'])
    })
  })
})
