"""The web: admin screens, the portal, REST, webhooks. Asks services, decides nothing."""
