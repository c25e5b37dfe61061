import type { Command } from './command.js'
import { labelStudioVariables } from './variables.js'

/**
 * Every command of the program. Each loads its code only when it runs, so that help and tokens are
 * printed quickly.
 */
export const commands: Readonly<Record<string, Command>> = {
  serve: {
    summary: 'serve SCIM and the settings page, and Label Studio behind the gate',
    notes: `Needs the packages pg for PostgreSQL, libsql for SQLite on Node 20, and
http-proxy-middleware for Label Studio. With --json it prints its addresses as JSON.`,
    variables: [
      'PORT',
      'HOST',
      'SETTINGS_PORT',
      'SETTINGS_HOST',
      'TRUST_PROXY',
      'DATABASE_URL',
      'SCIM_TOKEN',
      'SCIM_TOKEN_DIGEST',
      'ADMIN_TOKEN',
      'ADMIN_TOKEN_DIGEST',
      'HOST_SECRET',
      ...labelStudioVariables,
      'LABEL_STUDIO_RULES',
      'LABEL_STUDIO_SCRIPTS',
      'LABEL_STUDIO_GATE',
    ],
    run: async (call) => (await import('./serve/serve.js')).serve(call),
  },
  token: {
    summary: 'make a token, shown only once, and its digest for the configuration',
    variables: [],
    run: async (call) => (await import('./token.js')).token(call),
  },
  doctor: {
    summary: 'check the database and Label Studio: tables, token, owner, edition, flags',
    notes: 'Changes nothing. The exit code is 1 if something cannot work.',
    variables: ['DATABASE_URL', ...labelStudioVariables],
    run: async (call) => (await import('./doctor.js')).doctor(call),
  },
  migrate: {
    summary: 'create or upgrade the tables of the database',
    notes:
      'A host does the same when it starts. Make a backup first: you cannot go back without it.',
    variables: ['DATABASE_URL'],
    run: async (call) => (await import('./migrate.js')).migrate(call),
  },
  'import-settings': {
    summary: 'print the group mapping of Label Studio Enterprise’s own SCIM',
    words: '[FILE]',
    options: {
      to: {
        value: 'URL',
        doc: 'save it on a host, e.g. https://host/api/scim/settings, with ADMIN_TOKEN',
      },
    },
    notes: 'If you give FILE, it writes the mapping there instead.',
    variables: ['LABEL_STUDIO_URL', 'LABEL_STUDIO_TOKEN', 'ADMIN_TOKEN'],
    run: async (call) => (await import('./import-settings.js')).importSettings(call),
  },
  reconcile: {
    summary: 'apply the access of all people to Label Studio again',
    words: '[USER_ID …]',
    notes: `With ids, it applies only the access of these people. It may run while a host uses the
same database: it waits up to a minute for people whom that host is working on. The exit code is 1
if something is left to do; a running host continues with it.`,
    variables: ['DATABASE_URL', ...labelStudioVariables],
    run: async (call) => (await import('./reconcile.js')).reconcile(call),
  },
}
