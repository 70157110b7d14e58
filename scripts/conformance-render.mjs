/** docs/conformance.md and docs/conformance.json from what scripts/conformance.mjs has found. */

/** The verdicts that leave something to do. */
export const OPEN = new Set(['no code', 'no test', 'not covered'])

export const VERDICTS = [
  'done',
  'implemented',
  'deviation',
  'for applications',
  'not implemented',
  'not built yet',
  'not applicable',
  'no code',
  'no test',
  'not covered',
]

const count = (rows, ...verdicts) => rows.filter(({ verdict }) => verdicts.includes(verdict)).length

export function summary(rows) {
  const options = rows.filter(({ level }) => level === 'MAY')
  const required = rows.filter(({ level }) => level !== 'MAY')
  return (
    `${count(required, 'done')} of ${required.length} requirements done, ${count(rows, 'deviation')} deviations, ` +
    `${count(rows, 'for applications')} for applications, ${count(rows, 'not built yet')} not built yet, ` +
    `${count(rows, ...OPEN)} open; ${count(options, 'done', 'implemented')} of ${options.length} options implemented`
  )
}

/** docs/conformance.md. */
export function render({ rows, documents }) {
  const all = [
    { name: 'RFC 9293', rows },
    ...documents.map((one) => ({ name: `RFC ${one.rfc}`, rows: one.rows })),
  ]
  const shown = VERDICTS.filter((verdict) => all.some((one) => count(one.rows, verdict) > 0))
  const lines = [
    '<!-- biome-ignore-all format: written by scripts/conformance.mjs -->',
    '',
    '# Conformance',
    '',
    'Written by `node scripts/conformance.mjs` from the labels in `src/` and in the titles of the tests; do not edit.',
    'What departs from the text on purpose stands in [deviations.md](deviations.md). `elko conformance` prints this.',
    '',
    `RFC 9293: ${summary(rows)}.`,
    '',
    `The others: ${summary(documents.flatMap((one) => one.rows))}.`,
    '',
    `| | ${shown.join(' | ')} |`,
    `|---|${shown.map(() => '---|').join('')}`,
    ...all.map((one) => `| ${one.name} | ${shown.map((verdict) => count(one.rows, verdict)).join(' | ')} |`),
    '',
    '## RFC 9293, by section',
  ]
  for (const section of new Set(rows.map((row) => row.section))) {
    lines.push('', `### ${section}`, '', '| Label | Level | Requirement | Verdict | Code | Tests |')
    lines.push('|---|---|---|---|---|---|')
    for (const row of rows.filter((one) => one.section === section)) lines.push(requirementRow(row))
  }
  lines.push('', '## Other documents, by section', '')
  lines.push(
    'Rules are named as the document names them, else by a letter of ours. "rule" is what a text states without a word',
    'of RFC 2119.',
  )
  for (const one of documents) lines.push(...documentLines(one))
  return `${lines.join('\n')}\n`
}

function documentLines({ rfc, title, words, source, leftOut, rows, general }) {
  const lines = ['', `### RFC ${rfc}: ${title}`, '']
  lines.push(
    `Words of requirement: ${words}. Read in: ${source}.${leftOut === undefined ? '' : ` ${leftOut}`}`,
  )
  lines.push('', '| Rule | Level | Requirement | Verdict | Code | Tests |', '|---|---|---|---|---|---|')
  lines.push(...rows.map(requirementRow))
  if (general.length === 0) return lines
  lines.push('', 'Cited as a whole:', '', '| Section | Code | Tests | Register |', '|---|---|---|---|')
  lines.push(...general.map(citationRow))
  return lines
}

const cells = (...values) => `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |`
const codeCell = (code) =>
  code
    .map(({ file, owner }) => `[${file.replace(/^src\//, '')}](../${file})${owner && ` \`${owner}\``}`)
    .join('<br>')
const testCell = (tests) =>
  tests.map(({ file, title }) => `[${file.replace(/^test\//, '')}](../${file}): ${title}`).join('<br>')

function requirementRow({ id, level, text, verdict, code, tests, register, note, notApplicable }) {
  const remarks = [text, ...(note === undefined ? [] : [`*${note}*`])]
  const verdicts = [OPEN.has(verdict) ? `**${verdict}**` : verdict, ...register.map(({ what }) => what)]
  if (notApplicable !== undefined) verdicts.push(notApplicable)
  const label = id.replace(/^RFC \d+ /, '')
  return cells(label, level, remarks.join(' '), verdicts.join(': '), codeCell(code), testCell(tests))
}

function citationRow({ section, code, tests, register }) {
  const departures = register.map(({ kind, what }) => `${kind}: ${what}`).join('<br>')
  return cells(section === '' ? '(no section)' : section, codeCell(code), testCell(tests), departures)
}

/** docs/conformance.json, which `elko conformance` reads. */
export function data({ rows, documents }) {
  const first = { document: 'RFC 9293', title: 'Transmission Control Protocol (TCP)', rows }
  const others = documents.map(({ rfc, title, rows: own }) => ({ document: `RFC ${rfc}`, title, rows: own }))
  return {
    about: 'Written by scripts/conformance.mjs; the same as docs/conformance.md, for `elko conformance`.',
    documents: [first, ...others].map(({ document, title, rows: own }) => ({
      document,
      title,
      summary: summary(own),
      requirements: own.map(requirementData),
    })),
  }
}

function requirementData({ id, level, section, text, verdict, code, tests, register, note, notApplicable }) {
  const why = [...register.map(({ what, why: reason }) => `${what} ${reason}`), notApplicable, note].filter(
    Boolean,
  )
  return {
    id,
    section,
    level,
    text,
    verdict,
    ...(why.length > 0 ? { why: why.join(' ') } : {}),
    code: code.map(({ file, owner }) => (owner === '' ? file : `${file} ${owner}`)),
    tests: tests.map(({ file, title }) => `${file}: ${title}`),
  }
}
