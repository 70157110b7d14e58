/**
 * The commands of a script as words. Nothing is ever run: a stage of Elko's acts on the few that mean something to it.
 */

/** Commands that feed each other, `a | b`. */
export interface Pipeline {
  readonly commands: readonly (readonly string[])[]
  /** Where the last one's output goes, `> path`; null: nowhere of interest. */
  readonly output: string | null
}

/** The pipelines of a text, one after the other: separated by lines, `;`, `&&` and `||`; comments and redirections gone. */
export function pipelinesOf(text: string): Pipeline[] {
  const pipelines: Pipeline[] = []
  let commands: string[][] = [[]]
  let output: string | null = null
  const end = (): void => {
    const full = commands.filter((command) => command.length > 0)
    if (full.length > 0) pipelines.push({ commands: full, output })
    commands = [[]]
    output = null
  }
  const words = wordsOf(text)
  for (let i = 0; i < words.length; i++) {
    const { text: word, isOperator } = words[i]!
    if (!isOperator) commands.at(-1)!.push(word)
    else if (word === '|') commands.push([])
    else if (/^\d?>>?$/.test(word)) {
      const target = words[++i]?.text ?? null
      if (!word.startsWith('2') && target !== '/dev/null') output = target
    } else end()
  }
  end()
  return pipelines
}

interface Word {
  readonly text: string
  readonly isOperator: boolean
}

const TOKEN =
  /\\\n|[ \t\r]+|#[^\n]*|(2>&1|&>|2>>?|>>?|\|\||&&|\||;|\n)|((?:\$\(\([^)]*\)\)|"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'|;&>\\])+|&)/gy

function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const [, operator, word] of text.matchAll(TOKEN)) {
    if (word !== undefined) words.push({ text: unquoted(word), isOperator: false })
    else if (operator === '2>&1') continue
    else if (operator === '&>') words.push({ text: '>', isOperator: true })
    else if (operator !== undefined) words.push({ text: operator, isOperator: true })
  }
  return words
}

/** Quotes gone, and products such as `$((15*1024*1024))` worked out. */
function unquoted(word: string): string {
  const counted = word.replace(/\$\(\(([\d\s*]+)\)\)/g, (_, product: string) => {
    return `${product.split('*').reduce((a, b) => a * Number(b), 1)}`
  })
  return counted.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => {
    return (double as string | undefined)?.replace(/\\(.)/g, '$1') ?? single ?? escaped
  })
}
