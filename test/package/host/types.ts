import express from 'express'
import { bearerTokens, type ScimOptions, scimRouter } from 'label-studio-scim'
import { memoryAdapters } from 'label-studio-scim/adapters/memory'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'

const options: ScimOptions = {
  authenticate: bearerTokens([{ name: 'idp', token: 'secret-of-the-idp' }]),
}

export async function host(url: string) {
  return express()
    .use('/memory', scimRouter(memoryAdapters(), options))
    .use('/sql', scimRouter(await sqlAdapters({ url }), options))
}

// @ts-expect-error a router without an authenticator cannot be built
scimRouter(memoryAdapters(), {})
