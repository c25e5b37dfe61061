import { memoryAdapters } from '../../adapters/memory/index.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'

const { Function: real } = globalThis
afterEach(() => {
  globalThis.Function = real
})

it('refuses to start where no code can be made of text, which PATCH needs', () => {
  globalThis.Function = (() => {
    throw new EvalError('Code generation from strings disallowed for this context')
  }) as unknown as FunctionConstructor
  const authenticate = bearerTokens([{ name: 'idp', token: 'token-of-the-identity-provider' }])
  expect(() => scimRouter(memoryAdapters(), { authenticate })).toThrow(
    expect.objectContaining({
      code: 'ERR_SCIM_OPTIONS',
      message: expect.stringContaining('--disallow-code-generation-from-strings'),
    }),
  )
})
