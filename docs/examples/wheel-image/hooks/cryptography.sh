#!/bin/sh
# SSL is openssl or libressl, as build.sh has it.
apk add --no-cache cargo libffi-dev "${SSL:-openssl}-dev"
