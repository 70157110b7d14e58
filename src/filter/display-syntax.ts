/** A display filter as a tree, before anything is known of the types in it. */

export type Comparison = '==' | '!=' | '===' | '!==' | '>' | '>=' | '<' | '<='

/** A range of octets or layers: from `start`, which may count from the end; `length` null: to the end. */
export interface OctetRange {
  readonly start: number
  readonly length: number | null
  /** The last octet, where the range is written with it. */
  readonly last: number | null
}

export type Entity =
  | {
      readonly kind: 'word'
      readonly text: string
      readonly layers: readonly OctetRange[] | null
      readonly column: number
    }
  | { readonly kind: 'string' | 'character'; readonly text: string; readonly column: number }
  | {
      readonly kind: 'slice'
      readonly of: Entity
      readonly ranges: readonly OctetRange[]
      readonly column: number
    }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly parameters: readonly Entity[]
      readonly column: number
    }
  | { readonly kind: 'negative'; readonly operand: Entity; readonly column: number }
  | {
      readonly kind: 'arithmetic'
      readonly operator: '+' | '-' | '*' | '/' | '%' | '&'
      readonly left: Entity
      readonly right: Entity
      readonly column: number
    }

export type Quantifier = 'any' | 'all' | null

export interface SetElement {
  readonly low: Entity
  /** null: the one value. */
  readonly high: Entity | null
}

interface Search {
  readonly quantifier: Quantifier
  readonly left: Entity
  readonly right: Entity
  readonly column: number
}

export type DisplayExpression =
  | { readonly kind: 'and' | 'or'; readonly left: DisplayExpression; readonly right: DisplayExpression }
  | { readonly kind: 'not'; readonly operand: DisplayExpression }
  | { readonly kind: 'test'; readonly entity: Entity }
  | {
      readonly kind: 'comparison'
      readonly comparison: Comparison
      readonly quantifier: Quantifier
      readonly left: Entity
      readonly right: Entity
      readonly column: number
    }
  | ({ readonly kind: 'contains' } & Search)
  | ({ readonly kind: 'matches' } & Search)
  | {
      readonly kind: 'in'
      readonly quantifier: Quantifier
      readonly left: Entity
      readonly set: readonly SetElement[]
      readonly column: number
    }
