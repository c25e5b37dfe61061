import { bearerTokens, scimRouter } from 'label-studio-scim'
import { memoryAdapters } from 'label-studio-scim/adapters/memory'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import live from './life.cjs'

const adapters =
  process.argv[2] === 'sqlite' ? await sqlAdapters({ url: 'sqlite::memory:' }) : memoryAdapters()
await live(
  scimRouter(adapters, {
    authenticate: bearerTokens([{ name: 'idp', token: 'secret-of-the-idp' }]),
  }),
)
await adapters.close?.()
