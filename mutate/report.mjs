/** What a run says: the score of each file and room, who survived, and whether docs/mutation-survivors.json still holds. */

/** The least share of mutants killed, in percent, in each room. */
export const LEAST_SCORE = 85

const KILLED = new Set(['Killed', 'Timeout'])
const LIVES = new Set(['Survived', 'NoCoverage'])

/**
 * @param results one for each mutant tried: {id, file, line, name, status}.
 * @param explained {file: {name: why}}, as in docs/mutation-survivors.json.
 * @param names {file: all names of mutants in it}, to tell a stale explanation.
 */
export function judge(results, explained, names) {
  const scores = { files: {}, rooms: {} }
  for (const { file, status } of results) {
    count((scores.files[file] ??= emptyScore()), status)
    count((scores.rooms[file.split('/')[1]] ??= emptyScore()), status)
  }
  const survivors = results
    .filter(({ status }) => LIVES.has(status))
    .map((one) => ({ ...one, why: explained[one.file]?.[one.name] ?? null }))
  return { ...scores, survivors, stale: staleOf(results, explained, names), broken: results.filter(isBroken) }
}

const emptyScore = () => ({ killed: 0, timeout: 0, survived: 0, noCoverage: 0 })
const isBroken = ({ status }) => !KILLED.has(status) && !LIVES.has(status)

function count(score, status) {
  if (status === 'Killed') score.killed++
  else if (status === 'Timeout') score.timeout++
  else if (status === 'Survived') score.survived++
  else if (status === 'NoCoverage') score.noCoverage++
}

/** Explanations of mutants that are no more, or that a test kills. */
function staleOf(results, explained, names) {
  const statuses = new Map(results.map(({ file, name, status }) => [`${file} ${name}`, status]))
  const stale = []
  for (const [file, entries] of Object.entries(explained)) {
    for (const name of Object.keys(entries)) {
      if (names[file] !== undefined && !names[file].includes(name))
        stale.push({ file, name, because: 'no such mutant' })
      else if (KILLED.has(statuses.get(`${file} ${name}`)))
        stale.push({ file, name, because: 'a test kills it' })
    }
  }
  return stale
}

/** Killed by all, in percent; an endless loop counts as killed. */
export function scoreOf({ killed, timeout, survived, noCoverage }) {
  const all = killed + timeout + survived + noCoverage
  return all === 0 ? 100 : (100 * (killed + timeout)) / all
}

/** What makes the command end with 1, in words. */
export function findingsOf(verdict) {
  const low = Object.entries(verdict.rooms)
    .filter(([, score]) => scoreOf(score) < LEAST_SCORE)
    .map(([room, score]) => `${room}/ has ${percent(score)}, at least ${LEAST_SCORE} % are asked for`)
  const open = verdict.survivors.filter(({ why }) => why === null).length
  return [
    ...low,
    ...(open === 0 ? [] : [`${open} survivors are neither killed nor explained`]),
    ...verdict.stale.map(({ file, name, because }) => `stale explanation, ${because}: ${file} ${name}`),
    ...verdict.broken.map(({ file, name, status }) => `no result (${status}): ${file} ${name}`),
  ]
}

const percent = (score) => `${scoreOf(score).toFixed(1)} %`

export function textOf(verdict, { all = false } = {}) {
  const lines = []
  const open = verdict.survivors.filter(({ why }) => why === null)
  for (const { id, file, line, name, status } of all ? verdict.survivors : open) {
    lines.push(`${status === 'NoCoverage' ? 'uncovered' : 'survived '} ${id} ${file}:${line} ${name}`)
  }
  lines.push('', 'score    killed  endless  survived  explained  uncovered')
  const explainedIn = (path) =>
    verdict.survivors.filter(({ file, why }) => why !== null && file.startsWith(path)).length
  const row = (name, path, score) => {
    const numbers = [score.killed, score.timeout, score.survived, explainedIn(path), score.noCoverage]
    const widths = [8, 9, 10, 11, 11]
    return `${percent(score).padStart(7)}${numbers.map((n, i) => String(n).padStart(widths[i])).join('')}  ${name}`
  }
  for (const [file, score] of Object.entries(verdict.files).sort()) lines.push(row(file, file, score))
  for (const [room, score] of Object.entries(verdict.rooms))
    lines.push(row(`${room}/`, `src/${room}/`, score))
  const findings = findingsOf(verdict)
  return [...lines, '', ...(findings.length === 0 ? ['Nothing found.'] : findings)].join('\n')
}
