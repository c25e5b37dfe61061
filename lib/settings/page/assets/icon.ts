/** The tab's icon. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<rect width="16" height="16" rx="4" fill="#4c5fa9"/>
<path fill="#fff" d="M5.5 4a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6M2.6 12c0-2 1.2-3.4 2.9-3.4S8.4 10 8.4 12zm7.1-6.7h4v1.200h-4zm0 2.600h4v1.200h-4zm0 2.600h4v1.200h-4z"/>
</svg>
`
