/** Regular expressions of display filters: Perl's, without regard to case, on octets. */

/** Classes of POSIX within brackets. */
const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Za-z',
  lower: 'A-Za-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
}

const TOKEN = /\\[\s\S]|\[\^?\]?(?:\[:\w+:\]|\\[\s\S]|[^\]\\])*\]|\(\?[imsx]+\)|\.|[\s\S]/g

/** null where JavaScript has nothing of the same meaning. */
export function regularExpression(pattern: string): RegExp | null {
  let isKnown = true
  const translated = pattern.replace(TOKEN, (token) => {
    if (token === '.') return '[^\\n]'
    if (token === '\\A') return '^'
    if (token === '\\z' || token === '\\Z') return '$'
    if (token === '\\h') return '[ \\t]'
    // Case never counts.
    if (token === '(?i)') return ''
    if (/^\(\?[imsx]+\)$/.test(token) || /^\\[GKRQEXpP]$/.test(token)) isKnown = false
    if (!token.startsWith('[') || token.length === 1) return token
    return token
      .replace(/^(\[\^?)\]/, '$1\\]')
      .replace(/\[:(\w+):\]/g, (_, name: string) => POSIX[name] ?? '')
  })
  if (!isKnown) return null
  try {
    return new RegExp(translated, 'i')
  } catch {
    return null
  }
}
