#!/bin/sh
apk add --no-cache libffi-dev
