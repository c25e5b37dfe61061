/** Lets a request through, or tells why not. */
export type Verdict =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'refused'
      readonly status: number
      /** A sentence for the person, never anything of the request. */
      readonly detail: string
      readonly retryAfterSeconds?: number
    }
