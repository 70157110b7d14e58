/**
 * Counts how often each branch of a JavaScript text is taken: `$edges[n]++` at the start of every function, of both sides
 * of every decision, of every loop's body and of every case. Nothing is printed anew and no line is added, so a stack
 * trace names the lines of the compiled file.
 */

import ts from 'typescript'

/** The global that holds the counters, to be made before an instrumented module is loaded. */
export const EDGES_GLOBAL = '$elkoEdges'

export interface Instrumented {
  readonly text: string
  /** The line of each branch, from 1; the first has the number that was asked for. */
  readonly lines: readonly number[]
}

/** @param first the number of the text's first counter. */
export function instrument(fileName: string, text: string, first: number): Instrumented {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS)
  const marks: { readonly at: number; readonly text: string }[] = []
  const lines: number[] = []

  /** The text that counts a branch at this place of the source. */
  const count = (node: ts.Node): string => {
    const at = node.getStart(source)
    lines.push(source.getLineAndCharacterOfPosition(at).line + 1)
    return `$edges[${first + lines.length - 1}]++`
  }
  const insert = (at: number, what: string): void => {
    marks.push({ at, text: what })
  }
  const statement = (node: ts.Statement): void => {
    if (ts.isBlock(node)) {
      insert(node.getStart(source) + 1, `${count(node)};`)
      return visitChildren(node)
    }
    insert(node.getStart(source), `{${count(node)};`)
    visit(node)
    insert(node.end, '}')
  }
  const expression = (node: ts.Expression): void => {
    insert(node.getStart(source), `(${count(node)},`)
    visit(node)
    insert(node.end, ')')
  }
  const visitChildren = (node: ts.Node): void => ts.forEachChild(node, visit)

  function visit(node: ts.Node): void {
    if (ts.isIfStatement(node)) {
      visit(node.expression)
      statement(node.thenStatement)
      if (node.elseStatement !== undefined) statement(node.elseStatement)
      else insert(node.end, ` else {${count(node)};}`)
    } else if (ts.isIterationStatement(node, false)) {
      ts.forEachChild(node, (child) => (child === node.statement ? statement(node.statement) : visit(child)))
    } else if (ts.isConditionalExpression(node)) {
      visit(node.condition)
      expression(node.whenTrue)
      expression(node.whenFalse)
    } else if (ts.isBinaryExpression(node) && isShortCircuit(node.operatorToken.kind)) {
      visit(node.left)
      expression(node.right)
    } else if (ts.isCaseOrDefaultClause(node)) {
      if (ts.isCaseClause(node)) visit(node.expression)
      const from = node.statements[0]?.getStart(source) ?? node.end
      insert(from, `${count(node)};`)
      for (const one of node.statements) visit(one)
    } else if (ts.isCatchClause(node)) {
      statement(node.block)
    } else if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      functionLike(node, node.body as ts.ConciseBody)
    } else {
      visitChildren(node)
    }
  }

  function functionLike(node: ts.SignatureDeclaration, body: ts.ConciseBody): void {
    ts.forEachChild(node, (child) => {
      if (child !== body) return visit(child)
      if (ts.isBlock(body)) statement(body)
      else expression(body)
    })
  }

  visit(source)
  return { text: `const $edges=globalThis.${EDGES_GLOBAL};${withMarks(text, marks)}`, lines }
}

function isShortCircuit(kind: ts.SyntaxKind): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  )
}

/** Marks at one place stand in the order in which the walk made them: outer before inner, an end before a start. */
function withMarks(text: string, marks: { readonly at: number; readonly text: string }[]): string {
  let marked = ''
  let from = 0
  for (const { at, text: mark } of [...marks].sort((a, b) => a.at - b.at)) {
    marked += text.slice(from, at) + mark
    from = at
  }
  return marked + text.slice(from)
}
