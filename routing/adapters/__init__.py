"""Ways to remote back ends: HTTP, RabbitMQ, folders of files."""
