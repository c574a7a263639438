"""Range partitions of large tables on PostgreSQL: conversion of plain tables, and upkeep of the partitions."""
